//! The slowest visits: pictures of them, and what they loaded.

use super::{
    groups::{cache, content, device},
    said, tame, tame_middle,
};
use crate::{
    browser::CAP,
    run::{BrowserAccount, Ended, Fetched, Film, Frame, Outcome, PageView, Seen},
    words::duration,
};

/// One visit.
pub(in crate::report) struct FilmView<'a> {
    /// Its number.
    pub(in crate::report) visit: u64,
    /// `LCP 3 420 ms: home, phone, cold`.
    pub(in crate::report) heading: String,
    /// What was the largest content, and that in text of the target's: `Largest, painted after 3 420 ms`, `img.hero`.
    pub(in crate::report) largest: Option<(String, String)>,
    /// What more there is to say of it, line by line.
    pub(in crate::report) about: Vec<String>,
    pub(in crate::report) pictures: Vec<Picture<'a>>,
    /// What it loaded, in the order it was asked for.
    pub(in crate::report) bars: Vec<Bar>,
    /// What happened, in the order of time.
    pub(in crate::report) marks: Vec<Mark>,
}

/// A picture of it.
pub(in crate::report) struct Picture<'a> {
    /// When.
    pub(in crate::report) at: String,
    /// What is to be read where the picture is not seen.
    pub(in crate::report) alt: String,
    /// The picture: JPEG, base64; `None` where what was kept is none.
    pub(in crate::report) jpeg: Option<&'a str>,
}

/// A request. Times are milliseconds from the start of the navigation.
pub(in crate::report) struct Bar {
    /// What was asked for, shortened.
    pub(in crate::report) label: String,
    /// All there is to say of it.
    pub(in crate::report) title: String,
    pub(in crate::report) from_ms: f64,
    /// When its first byte came.
    pub(in crate::report) first_byte_ms: Option<f64>,
    /// When it was there; `None` where it never was.
    pub(in crate::report) to_ms: Option<f64>,
    pub(in crate::report) how: How,
    /// Its figure: `3 200 ms, 128 kB`.
    pub(in crate::report) figure: String,
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum How {
    Came,
    Cached,
    Failed,
    /// Not by the end of the visit.
    Pending,
}

/// Something that happened.
pub(in crate::report) struct Mark {
    pub(in crate::report) class: &'static str,
    pub(in crate::report) label: String,
    pub(in crate::report) at_ms: f64,
}

pub(super) fn films(account: &BrowserAccount) -> Vec<FilmView<'_>> {
    let seen = |number| account.visits.iter().find(|seen| seen.number == number);
    account.films.iter().map(|(number, film)| view(*number, film, seen(*number))).collect()
}

fn view<'a>(number: u64, film: &'a Film, seen: Option<&Seen>) -> FilmView<'a> {
    FilmView {
        visit: number,
        heading: seen.map_or_else(|| format!("Visit {number}, whose row was not kept"), heading),
        largest: seen.and_then(|seen| largest(&seen.view)),
        about: seen.map(about).unwrap_or_default(),
        pictures: film.frames.iter().map(picture).collect(),
        bars: film.fetched.iter().map(bar).collect(),
        marks: seen.map(|seen| marks(&seen.view)).unwrap_or_default(),
    }
}

fn heading(seen: &Seen) -> String {
    let lcp = match (&seen.view.ended, seen.view.outcome()) {
        (Ended::Capped, Outcome::Lcp(_)) => format!("Not done within {} s", CAP.as_secs()),
        (_, Outcome::Lcp(took)) => format!("LCP {}", duration(took)),
        (_, Outcome::Missing(why)) => format!("No LCP, {}", tame(&why, 120)),
    };
    let signed_in = if seen.signed_in { ", signed in" } else { "" };
    let (page, device, cache) = (tame(&seen.page, 40), device(seen.device), cache(seen.returning));
    format!("{lcp}: {page}, {device}, {cache}{signed_in}")
}

fn largest(view: &PageView) -> Option<(String, String)> {
    let lcp = view.lcp.as_ref()?;
    let until = if view.ended == Ended::Capped { "Largest until then" } else { "Largest" };
    let what = content(&lcp.element, lcp.url.as_deref().unwrap_or_default());
    Some((format!("{until}, painted after {}", said(lcp.at_ms)), what))
}

fn about(seen: &Seen) -> Vec<String> {
    let view = &seen.view;
    let parts = view.lcp.as_ref().map(|lcp| {
        let parts = lcp.parts;
        format!(
            "Time to first byte {}, load delay {}, load time {}, render delay {}.",
            said(parts.ttfb_ms),
            said(parts.load_delay_ms),
            said(parts.load_time_ms),
            said(parts.render_delay_ms)
        )
    });
    let failed =
        if view.failed_count > 0 { format!(", {} failed", view.failed_count) } else { String::new() };
    let loaded = format!(
        "Visit {}, at {:.0} s: {} requests{failed}, {} over the network.",
        seen.number,
        seen.at_s,
        view.requests,
        bytes(view.bytes)
    );
    parts.into_iter().chain([loaded]).collect()
}

/// `340 B`, `128 kB`, `1.2 MB`.
fn bytes(n: u64) -> String {
    match n {
        n if n < 1_000 => format!("{n} B"),
        n if n < 999_500 => format!("{:.0} kB", n as f64 / 1e3),
        n => format!("{:.1} MB", n as f64 / 1e6),
    }
}

fn picture(frame: &Frame) -> Picture<'_> {
    let base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
    let jpeg = frame.jpeg.as_str();
    let sound = !jpeg.is_empty() && jpeg.bytes().all(base64);
    let at = said(frame.at_ms);
    Picture { alt: format!("the page after {at}"), at, jpeg: sound.then_some(jpeg) }
}

fn bar(fetched: &Fetched) -> Bar {
    let refused = fetched.status.is_some_and(|status| status >= 400);
    let how = if fetched.failed.is_some() || refused {
        How::Failed
    } else if fetched.end_ms.is_none() {
        How::Pending
    } else if fetched.cached {
        How::Cached
    } else {
        How::Came
    };
    let took = fetched.end_ms.map(|end| said(end - fetched.start_ms));
    let figure = match (how, took) {
        (How::Failed, _) => match fetched.status {
            Some(status) => format!("failed, {status}"),
            None => "failed".to_owned(),
        },
        (How::Cached, _) => "cached".to_owned(),
        (_, Some(took)) => format!("{took}, {}", bytes(fetched.bytes)),
        (_, None) => "never came".to_owned(),
    };
    let status = fetched.status.map_or_else(String::new, |status| format!(", status {status}"));
    let why = fetched.failed.as_ref().map_or_else(String::new, |why| format!(", {}", tame(why, 120)));
    let title = format!(
        "{} ({}): asked for after {}, {figure}{status}{why}",
        tame_middle(&fetched.url, 200),
        tame(&fetched.kind, 20),
        said(fetched.start_ms)
    );
    Bar {
        label: tame_middle(&fetched.url, 27),
        title,
        from_ms: fetched.start_ms,
        first_byte_ms: fetched.first_byte_ms,
        to_ms: fetched.end_ms,
        how,
        figure,
    }
}

fn marks(view: &PageView) -> Vec<Mark> {
    let all = [
        ("ttfb", "TTFB", view.ttfb_ms),
        ("fcp", "FCP", view.fcp_ms),
        ("lcp", "LCP", view.lcp.as_ref().map(|lcp| lcp.at_ms)),
        ("load", "load", view.load_ms),
        ("end", "given up", (view.ended == Ended::Capped).then_some(CAP.as_secs_f64() * 1e3)),
    ];
    let mark = |(class, name, at): (_, &str, Option<f64>)| {
        Some(Mark { class, label: format!("{name} {}", said(at?)), at_ms: at? })
    };
    let mut marks: Vec<Mark> = all.into_iter().filter_map(mark).collect();
    marks.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
    marks
}
