//! Real browsers beside the crowd of page-load: arguments that several programs share.

use std::{str::FromStr, sync::Arc};

use clap::Args;

use crate::{
    browser::{self, Browsing, Company, Source, Throttle, VISITORS, Venue},
    scenario::Scenario,
    scenarios::page,
};

/// More on one machine would measure each other.
const MOST: u64 = 16;

/// Real browsers beside the crowd; every scenario but page-load ignores them.
#[derive(Debug, Args)]
pub struct Browsers {
    /// Visitors of page-load with a real browser, who measure Largest Contentful Paint: `auto` (2 when a Chromium is found:
    /// the program in CHROME, else in PATH and the usual places), `required` (2, and an error without one), or how many
    /// (then one must be there; at most 16), 0 for none
    #[arg(long = "browsers", id = "browsers", value_name = "auto|required|N", default_value = "auto")]
    wanted: Wanted,

    /// The debugging port of a Chromium that runs already, on this machine, instead of one that is started; it is left
    /// running
    #[arg(long, value_name = "http://127.0.0.1:PORT", value_parser = debugging_port)]
    browser_at: Option<String>,

    /// The network and the processor real browsers have, by Lighthouse's figures: this machine's, or those of a desktop on
    /// cable, a phone on slow 4G or 3G
    #[arg(long, value_name = "none|cable|slow-4g|3g", default_value_t = Throttle::None)]
    throttle: Throttle,
}

/// How many are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The usual number where there is a browser, else none.
    Auto,
    /// The usual number.
    Required,
    /// So many; zero is none.
    Number(u64),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            ("required", _) => Ok(Self::Required),
            (_, Ok(number @ 0..=MOST)) => Ok(Self::Number(number)),
            _ => Err(format!("`{text}` is none of auto, required, 0 to {MOST}")),
        }
    }
}

impl Browsers {
    /// Which browsers visit when these scenarios run on this venue. A browser is looked for only when one is to visit;
    /// an error when there must be one and is none.
    pub fn browsing(&self, scenarios: &[&'static dyn Scenario], venue: Venue) -> Result<Browsing, String> {
        self.with(scenarios, venue, browser::find)
    }

    /// The same, with what finds a browser.
    fn with(
        &self,
        scenarios: &[&'static dyn Scenario],
        venue: Venue,
        find: impl FnOnce() -> Result<Source, String>,
    ) -> Result<Browsing, String> {
        let visitors = match self.wanted {
            Wanted::Auto | Wanted::Required => VISITORS,
            Wanted::Number(number) => number,
        };
        if visitors == 0 && self.browser_at.is_some() {
            return Err("--browser-at names a browser, and --browsers 0 wants none to visit".into());
        }
        if visitors == 0 || !scenarios.iter().any(|scenario| scenario.name() == page::NAME) {
            return Ok(Browsing::default());
        }
        // Whoever names one wants it.
        let required = self.wanted != Wanted::Auto || self.browser_at.is_some();
        let source = match &self.browser_at {
            Some(at) => Ok(Source::Running(at.clone())),
            // What it found may be the address that CHROME says.
            None => find().and_then(of_this_machine),
        };
        match source {
            Ok(Source::Running(at)) if !venue.is_open_to_any_browser() => Err(format!(
                "the browser at {at} cannot be kept to the target's addresses and certificates: one that runs already \
                 visits targets on this machine only, without --ca; let one be started"
            )),
            Ok(source) => {
                let (throttle, own_roots) = (self.throttle, venue.own_roots);
                let hosts = Vec::new();
                Ok(Browsing::Some(Arc::new(Company {
                    visitors,
                    source,
                    throttle,
                    required,
                    own_roots,
                    hosts,
                })))
            }
            Err(why) if required => Err(why),
            Err(why) => Ok(Browsing::Nobody(format!("no real browser visits: {why}").into())),
        }
    }
}

/// A browser that is started, or one that runs on this machine.
fn of_this_machine(source: Source) -> Result<Source, String> {
    match source {
        Source::Program(_) => Ok(source),
        Source::Running(at) => debugging_port(&at).map(Source::Running),
    }
}

/// `http://127.0.0.1:9222`, or the `ws://` URL that Chromium says it listens on.
fn debugging_port(text: &str) -> Result<String, String> {
    match browser::attachable(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(why) => Err(format!("`{text}`: {why}; name one like http://127.0.0.1:9222")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;

    use super::*;
    use crate::options;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        browsers: Browsers,
    }

    const MOCK: Venue = Venue { own_roots: false, on_this_machine: true };

    #[expect(clippy::unnecessary_wraps, reason = "it stands for what may find none")]
    fn found() -> Result<Source, String> {
        Ok(Source::Program(PathBuf::from("/usr/bin/chromium")))
    }

    fn missing() -> Result<Source, String> {
        Err("no Chromium was found".to_owned())
    }

    fn typed(args: &[&str]) -> Browsers {
        Typed::try_parse_from([&["program"], args].concat()).expect("they are known").browsers
    }

    fn browsing(args: &[&str], find: fn() -> Result<Source, String>) -> Result<Browsing, String> {
        let all = options::choose(&[]).expect("all are known");
        typed(args).with(&all, MOCK, find)
    }

    fn company(args: &[&str]) -> Company {
        match browsing(args, found) {
            Ok(Browsing::Some(company)) => Arc::unwrap_or_clone(company),
            other => panic!("{args:?}: {other:?}"),
        }
    }

    #[test]
    fn two_come_when_there_is_a_browser() {
        let company = company(&[]);
        assert_eq!((company.visitors, company.required, company.throttle), (2, false, Throttle::None));
        assert_eq!(Ok(company.source), found());
    }

    #[test]
    fn without_one_the_reason_is_kept_or_is_an_error() {
        let why = match browsing(&[], missing) {
            Ok(Browsing::Nobody(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(why.contains("no Chromium was found"), "{why}");
        for args in [["--browsers", "required"], ["--browsers", "1"]] {
            assert_eq!(browsing(&args, missing), Err("no Chromium was found".to_owned()));
        }
    }

    #[test]
    fn a_browser_is_looked_for_only_when_one_visits() {
        let never = || -> Result<Source, String> { panic!("nobody visits") };
        assert_eq!(
            typed(&["--browsers", "0"]).with(&options::choose(&[]).expect("known"), MOCK, never),
            Ok(Browsing::default())
        );
        let others = options::choose(&["search-load".to_owned()]).expect("known");
        assert_eq!(typed(&["--browsers", "required"]).with(&others, MOCK, never), Ok(Browsing::default()));
        let company = match typed(&["--browser-at", "http://localhost:9222"]).with(
            &options::choose(&[]).expect("known"),
            MOCK,
            never,
        ) {
            Ok(Browsing::Some(company)) => company,
            other => panic!("{other:?}"),
        };
        assert_eq!(company.source, Source::Running("http://localhost:9222".to_owned()));
        assert!(company.required, "whoever names one wants it");
    }

    #[test]
    fn a_browser_that_was_not_started_for_it_visits_no_target_elsewhere() {
        let all = options::choose(&[]).expect("known");
        for venue in [Venue { own_roots: true, ..MOCK }, Venue { on_this_machine: false, ..MOCK }] {
            let at = typed(&["--browser-at", "http://127.0.0.1:9222"]).with(&all, venue, found);
            assert!(at.is_err_and(|why| why.contains("cannot be kept")), "{venue:?}");
            let started = typed(&[]).with(&all, venue, found);
            let Ok(Browsing::Some(company)) = started else { panic!("{venue:?}: {started:?}") };
            assert_eq!(company.own_roots, venue.own_roots);
        }
    }

    #[test]
    fn as_many_come_as_are_asked_for() {
        let company = company(&["--browsers", "7", "--throttle", "slow-4g"]);
        assert_eq!((company.visitors, company.required, company.throttle), (7, true, Throttle::Slow4g));
        let refused = browsing(&["--browsers", "0", "--browser-at", "http://127.0.0.1:9222"], missing);
        assert!(refused.is_err_and(|why| why.contains("--browsers 0")));
    }

    #[test]
    fn a_debugging_port_is_of_this_machine() {
        for good in ["http://127.0.0.1:9222", "http://[::1]:9222", "ws://127.0.0.1:9222/devtools/browser/1"] {
            assert_eq!(debugging_port(good), Ok(good.to_owned()));
        }
        for bad in ["http://192.0.2.1:9222", "http://example.org:9222", "127.0.0.1:9222", "ftp://127.0.0.1:1"]
        {
            assert!(debugging_port(bad).is_err(), "{bad}");
            assert!(of_this_machine(Source::Running(bad.to_owned())).is_err(), "{bad}");
        }
    }
}
