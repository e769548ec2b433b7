//! Pictures of a live session: the way in as a waterfall, and who missed whom.

use super::put;
use crate::{
    report::view::{Matrix, Step},
    words::number,
};

const WIDTH: f64 = 720.0;

/// Left of the bars: the names of the steps.
const NAMES: f64 = 100.0;
/// Right of the longest bar: its figure.
const FIGURE: f64 = 70.0;
/// From one step to the next.
const STEP: f64 = 22.0;

/// The way in: each step's median where the one before ends.
pub(in crate::report) fn waterfall(steps: &[Step]) -> String {
    let longest = steps.iter().filter_map(|step| Some(step.from_ms + step.median_ms?)).fold(0.0, f64::max);
    if longest <= 0.0 {
        return String::new();
    }
    let x = |ms: f64| NAMES + ms / longest * (WIDTH - NAMES - FIGURE);
    let height = STEP * steps.len() as f64 + 4.0;
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"join waterfall\">");
    for (place, step) in steps.iter().enumerate() {
        let top = STEP * place as f64 + 4.0;
        let (base, edge) = (top + 12.0, NAMES - 8.0);
        put(
            &mut svg,
            format_args!("<text x=\"{edge}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>", step.name),
        );
        let (from, to) = (x(step.from_ms), x(step.from_ms + step.median_ms.unwrap_or(0.0)));
        let (class, said) = match step.median_ms {
            Some(_) => ("step", step.figures[0].as_str()),
            None => ("step none", "not measured"),
        };
        let long = (to - from).max(1.5);
        put(
            &mut svg,
            format_args!(
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{long:.1}\" height=\"16\" rx=\"2\"/>"
            ),
        );
        let right = from + long + 6.0;
        put(&mut svg, format_args!("<text x=\"{right:.1}\" y=\"{base:.1}\">{said}</text>"));
    }
    svg.push_str("</svg>");
    svg
}

/// Left of the matrix: the numbers of the receivers.
const RECEIVERS: f64 = 70.0;
/// Right of it: what each missed in all.
const SUMS: f64 = 110.0;
/// Above it: the numbers of the senders.
const SENDERS: f64 = 20.0;
/// A receiver's row.
const ROW: f64 = 14.0;
/// The widest column.
const COLUMN: f64 = 14.0;

/// Who missed whom: a row for each receiver, a column for each sender; the stronger the colour, the more of what was expected.
pub(in crate::report) fn misses(matrix: &Matrix) -> String {
    let column = ((WIDTH - RECEIVERS - SUMS) / matrix.senders.max(1) as f64).min(COLUMN);
    let right = RECEIVERS + column * matrix.senders as f64;
    let bottom = SENDERS + ROW * matrix.rows.len() as f64;
    let height = bottom + 4.0;
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"who missed whom\">");
    let (wide, high) = (right - RECEIVERS, bottom - SENDERS);
    put(
        &mut svg,
        format_args!(
            "<rect class=\"field\" x=\"{RECEIVERS}\" y=\"{SENDERS}\" width=\"{wide:.1}\" height=\"{high:.1}\"/>"
        ),
    );
    for sender in (0..matrix.senders).step_by(step_of_labels(matrix.senders)) {
        let (at, base) = (RECEIVERS + column * (sender as f64 + 0.5), SENDERS - 6.0);
        put(
            &mut svg,
            format_args!("<text x=\"{at:.1}\" y=\"{base}\" text-anchor=\"middle\">{sender}</text>"),
        );
    }
    for (place, row) in matrix.rows.iter().enumerate() {
        let top = SENDERS + ROW * place as f64;
        let (edge, base, sum) = (RECEIVERS - 6.0, top + 11.0, right + 6.0);
        let (receiver, missed, expected) = (row.receiver, number(row.missed), number(row.expected));
        put(
            &mut svg,
            format_args!(
                "<text x=\"{edge}\" y=\"{base:.1}\" text-anchor=\"end\">{receiver}</text><text x=\"{sum:.1}\" y=\"{base:.1}\">{missed} of {expected}</text>"
            ),
        );
        for cell in &row.cells {
            let (at, high) = (RECEIVERS + column * cell.sender as f64, ROW - 1.0);
            // Even one message of many can be seen.
            let strong = 0.25 + 0.75 * cell.missed as f64 / cell.expected.max(1) as f64;
            put(
                &mut svg,
                format_args!(
                    "<rect class=\"miss\" x=\"{at:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{high}\" opacity=\"{strong:.2}\"><title>participant {receiver} missed {} of {} messages of participant {}</title></rect>",
                    (column - 1.0).max(0.7),
                    cell.missed,
                    cell.expected,
                    cell.sender
                ),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Every how many senders one is numbered: about ten are.
fn step_of_labels(senders: u64) -> usize {
    [1, 5, 10, 50, 100].into_iter().find(|step| senders / step <= 12).unwrap_or(500) as usize
}
