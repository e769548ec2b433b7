//! What a page tells of its own painting (`page.js`), and the largest content's time in its four parts. Pure.

use serde::Deserialize;

use crate::{
    run::{Lcp, Parts, Whereabouts},
    scrub::scrub_query,
};

/// What a page told last; each telling is whole. Times are milliseconds from the start of the navigation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Told {
    /// When the navigation began, milliseconds since 1970: which document it is that tells.
    pub(super) origin: f64,
    /// Whether it was ever not shown.
    pub(super) hidden: bool,
    /// Time to the first byte of the document.
    pub(super) ttfb: Option<f64>,
    /// First contentful paint.
    pub(super) fcp: Option<f64>,
    /// When `load` fired.
    pub(super) load: Option<f64>,
    /// Whether a frame has been drawn since.
    pub(super) drawn: bool,
    /// Cumulative layout shift.
    pub(super) cls: f64,
    /// The path in the page's address.
    #[serde(default)]
    pub(super) path: String,
    /// What the page's body is marked as; empty where it has no mark, `None` while it has no body.
    #[serde(default)]
    pub(super) page: Option<String>,
    /// The largest content painted so far.
    pub(super) lcp: Option<Candidate>,
}

/// A candidate for the largest content.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Candidate {
    /// When it was painted.
    pub(super) at: f64,
    size: f64,
    element: String,
    /// What it was loaded from; `None` for text.
    pub(super) url: Option<String>,
    requested: Option<f64>,
    responded: Option<f64>,
    earlier: u64,
}

impl Told {
    /// Where the browser is, sent to a page of this mark; `None` where nothing was told.
    pub(super) fn whereabouts(&self, asked: Option<&str>) -> Option<Whereabouts> {
        (self.origin > 0.0).then(|| Whereabouts {
            path: self.path.clone(),
            page: self.page.clone(),
            asked: asked.map(str::to_owned),
        })
    }

    /// The largest content, with where its time went.
    pub(super) fn lcp(&self) -> Option<Lcp> {
        let candidate = self.lcp.as_ref()?;
        let resource = candidate.requested.zip(candidate.responded);
        Some(Lcp {
            at_ms: candidate.at,
            element: candidate.element.clone(),
            url: candidate.url.as_deref().map(scrub_query),
            size: candidate.size as u64,
            parts: parts(candidate.at, self.ttfb.unwrap_or(0.0), resource),
            earlier: candidate.earlier,
        })
    }
}

/// The four parts of an LCP: its time, the document's time to first byte, and when the content was asked for and had
/// come, where it was loaded. Each boundary is at or after the one before and none is after the paint, as in the
/// formula's source (<https://web.dev/articles/optimize-lcp#lcp-breakdown>); so no part is negative, and they add up.
fn parts(lcp: f64, ttfb: f64, resource: Option<(f64, f64)>) -> Parts {
    let within = |time: f64, after: f64| time.max(after).min(lcp);
    let first_byte = within(ttfb, 0.0);
    let (requested, responded) = match resource {
        Some((requested, responded)) => {
            let requested = within(requested, first_byte);
            (requested, within(responded, requested))
        }
        None => (first_byte, first_byte),
    };
    Parts {
        ttfb_ms: tenths(first_byte),
        load_delay_ms: tenths(requested - first_byte),
        load_time_ms: tenths(responded - requested),
        render_delay_ms: tenths(lcp - responded),
    }
}

/// A tenth of a millisecond is what a browser resolves.
fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn four(parts: Parts) -> [f64; 4] {
        [parts.ttfb_ms, parts.load_delay_ms, parts.load_time_ms, parts.render_delay_ms]
    }

    /// The same in tenths of a millisecond, exactly.
    fn tenths_of(parts: Parts) -> [i64; 4] {
        four(parts).map(|ms| (ms * 10.0).round() as i64)
    }

    #[test]
    fn an_image() {
        assert_eq!(tenths_of(parts(1500.0, 200.0, Some((350.0, 1400.0)))), [2000, 1500, 10_500, 1000]);
    }

    #[test]
    fn text_is_not_loaded() {
        assert_eq!(tenths_of(parts(420.5, 200.0, None)), [2000, 0, 0, 2205]);
    }

    #[test]
    fn preloaded_before_the_document_came() {
        // Early hints: it was asked for, and there, before the first byte.
        assert_eq!(tenths_of(parts(300.0, 250.0, Some((100.0, 200.0)))), [2500, 0, 0, 500]);
    }

    #[test]
    fn painted_before_it_had_come_whole() {
        assert_eq!(tenths_of(parts(300.0, 100.0, Some((150.0, 900.0)))), [1000, 500, 1500, 0]);
    }

    #[test]
    fn what_a_page_tells_is_understood() {
        let told = r#"{"origin":1.5,"hidden":false,"ttfb":10.1,"fcp":50,"load":null,"drawn":false,"cls":0.1,
                       "path":"/login","page":"login","lcp":{"at":50.3,
                       "size":1200,"element":"img.hero","url":"http://a/b","requested":12,"responded":40.1,
                       "earlier":1}}"#;
        let told: Told = serde_json::from_str(told).expect("as page.js writes it");
        let lcp = told.lcp().expect("there is one");
        assert_eq!((lcp.at_ms, lcp.size, lcp.earlier), (50.3, 1200, 1));
        assert_eq!(tenths_of(lcp.parts), [101, 19, 281, 102]);
        assert_eq!(told.load, None);
        let asked = Some("dashboard".to_owned());
        let expected = Whereabouts { path: "/login".into(), page: Some("login".into()), asked };
        assert_eq!(told.whereabouts(Some("dashboard")), Some(expected));
    }

    #[test]
    fn a_page_that_told_nothing_is_nowhere() {
        assert_eq!(Told::default().whereabouts(Some("events")), None);
    }

    proptest! {
        #[test]
        fn parts_add_up(
            lcp in 0.0..60_000.0_f64,
            ttfb in 0.0..60_000.0_f64,
            resource in proptest::option::of((0.0..60_000.0_f64, 0.0..60_000.0_f64)),
        ) {
            let parts = four(parts(lcp, ttfb, resource));
            prop_assert!(parts.iter().all(|part| *part >= 0.0), "{parts:?}");
            // Each is off by half a tenth at most.
            prop_assert!((parts.iter().sum::<f64>() - lcp).abs() <= 0.2 + 1e-6, "{parts:?} of {lcp}");
        }
    }
}
