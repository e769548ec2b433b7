//! What gave way first, what to do about it, and the readiness checklist, each with what says so.

use maud::{Markup, html};

use super::{chip, unbroken};
use crate::{
    bottlenecks::{Bottleneck, Bottlenecks, Recommendation},
    readiness::{Line, Mark},
};

pub(super) fn bottlenecks(evidence: &Bottlenecks) -> Markup {
    html! {
        @if !(evidence.summary.is_empty() && evidence.found.is_empty() && evidence.recommendations.is_empty()) {
            section #bottlenecks {
                h2 { "What gave way first" }
                @if !evidence.summary.is_empty() { p { (unbroken(&evidence.summary)) } }
                @if !evidence.found.is_empty() { (found(&evidence.found)) }
                @if !evidence.recommendations.is_empty() {
                    h3 { "What to do about it" }
                    @for advice in &evidence.recommendations { (recommendation(advice)) }
                }
            }
        }
    }
}

fn found(found: &[Bottleneck]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "scenario" } th { "series" } th { "resource" } th.n { "rank correlation" } th.n { "lead" } th { "what was seen" } } }
            tbody { @for one in found { tr {
                td { (one.scenario) } td.any { (one.series) } td.any { b { (one.resource) } br; small { (one.source) } }
                td.n { (format!("{:+.2}", one.correlation)) } td.n { (format!("{:+.0} s", one.lead_s)) } td { (unbroken(&one.sentence)) }
            } } }
        } }
    }
}

fn recommendation(advice: &Recommendation) -> Markup {
    html! {
        article.advice {
            p { small { (advice.topic) } br; b { (advice.title) } }
            ul { @for observed in &advice.evidence { li { (unbroken(observed)) } } }
            @if let Some(change) = &advice.change { pre { code { (change) } } }
            p { small { "To prove it: " (advice.proof) } }
        }
    }
}

pub(super) fn readiness(lines: &[Line]) -> Markup {
    let count = |mark| lines.iter().filter(|line| line.mark == mark).count();
    html! {
        @if !lines.is_empty() {
            section #readiness {
                h2 { "Production readiness" }
                p {
                    (count(Mark::Met)) " met, " (count(Mark::NotMet)) " not met, " (count(Mark::NotMeasurable))
                    " that this run cannot say."
                }
                ul.notes {
                    @for line in lines.iter().filter(|line| line.mark == Mark::NotMet) {
                        li { b { "Not met: " } (unbroken(&line.claim)) " (" (unbroken(&line.because)) ")" }
                    }
                }
                details {
                    summary { "The checklist, line by line" }
                    @for lines in lines.chunk_by(|a, b| a.section == b.section) {
                        h4 { (lines[0].section) }
                        div.scroll { table.checks { tbody { @for line in lines { tr {
                            td { (chip(line.mark.word())) } td { (unbroken(&line.claim)) } td { small { (unbroken(&line.because)) } }
                        } } } } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
