//! Two targets in alternating slices, against real servers.

use std::{fs, time::Duration};

use engine::{ends::Ends, exit::Exit};
use loadgen::{
    compare::{
        Rules,
        ab::{self, Ab, Cut, FILE, Length, REPORT, Which},
    },
    options::Options,
    preset::Preset,
    run::Run,
    scenarios,
    target::Target,
};

use crate::{
    limits::server::{TOKEN, served},
    stage::WORLD,
};

fn options(out: &std::path::Path) -> Options {
    Options {
        scenarios: vec![scenarios::find("webhooks-load").expect("it exists")],
        preset: Preset::Smoke,
        world: *WORLD,
        admin_token: Some(TOKEN.to_owned()),
        out: out.to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(Target::parse(&served()).expect("a loopback origin"))
    }
}

#[test]
fn slices_alternate_and_are_kept_with_what_they_say() {
    use Which::{A, B};

    let out = tempfile::tempdir().expect("a directory");
    let a = options(out.path());
    let b = Options { target: Target::parse(&served()).expect("a loopback origin"), ..a.clone() };
    let length = Length { slice_s: 1.0, rounds: 5, most: Duration::from_hours(1) };
    // On a busy machine the generator may fall short; what is tested here is the order of things.
    let rules = Rules { anyway: true, ..Rules::default() };
    let (ab, dir) = ab::plan(&a, &b, length, rules)
        .expect("it can be repeated")
        .run(&Ends::new(), &|_| ())
        .expect("both are there");

    let kept: Ab = serde_json::from_str(&fs::read_to_string(dir.join(FILE)).expect("kept")).expect("JSON");
    assert_eq!(kept, ab);
    let order: Vec<Which> = ab.slices.iter().map(|slice| slice.which).collect();
    assert_eq!(order, [A, B, B, A, A, B, B, A, A, B]);
    for slice in &ab.slices {
        let run = Run::read(&dir.join(&slice.dir)).expect("its run is beside it");
        let wanted = if slice.which == A { a.target.to_string() } else { b.target.to_string() };
        assert_eq!(run.meta.origin, wanted);
        assert!((run.meta.time_scale - 0.1).abs() < 0.02, "{}", run.meta.time_scale);
    }
    let comparison = ab.comparison.as_ref().expect("five rounds");
    let series = &comparison.scenarios[0].series[0];
    assert_eq!((series.blocks, series.why_not), (5, None));
    assert!(series.n[0] >= 400 && series.n[1] >= 400, "{:?}", series.n);
    assert_eq!(ab.exit(false), Exit::Ok);
    let report = fs::read_to_string(dir.join(REPORT)).expect("kept");
    assert!(report.contains("5 of 5 rounds counted") && report.contains("one of each a block"), "{report}");
}

#[test]
fn what_was_interrupted_says_so() {
    let out = tempfile::tempdir().expect("a directory");
    let a = options(out.path());
    let length = Length { slice_s: 1.0, rounds: 5, most: Duration::from_hours(1) };
    let ends = Ends::new();
    let theirs = ends.clone();
    // The first Ctrl-C comes when the first round is over.
    let said = move |_: &str| theirs.interrupt();
    let plans =
        ab::plan(&a, &a, length, Rules { anyway: true, ..Rules::default() }).expect("it can be repeated");
    let (ab, dir) = plans.run(&ends, &said).expect("it is there");
    assert_eq!((ab.cut_short.as_ref(), ab.slices.len()), (Some(&Cut::Interrupted), 2));
    assert_eq!(ab.exit(true), Exit::Interrupted);
    assert!(fs::read_to_string(dir.join(REPORT)).expect("kept").contains("interrupted"));
    assert!(ab::text(&ab).contains("too few rounds: 1 of 5 needed"), "{}", ab::text(&ab));
}

#[test]
fn what_cannot_be_repeated_or_has_no_time_is_refused_before_any_load() {
    let out = tempfile::tempdir().expect("a directory");
    let all = Options::new(Target::parse("mock").expect("it is known"));
    let hour = Length { slice_s: 1.0, rounds: 5, most: Duration::from_hours(1) };
    let refused =
        |a: &Options, length| ab::plan(a, a, length, Rules::default()).err().expect("it is refused");
    let once = refused(&all, hour);
    assert_eq!(once.exit(), Exit::Usage);
    let said = once.to_string();
    for words in ["event-rsvp-load cannot be part of ab", "seed reset-load", "loadgen compare"] {
        assert!(said.contains(words), "{said}");
    }
    let (again, once) = ab::repeatable(&all);
    assert_eq!((again.len(), once), (5, vec!["event-rsvp-load"]));
    // A round is twice the load, and what a run takes beside it.
    let long = Length { slice_s: 60.0, most: Duration::from_mins(2), ..hour };
    let late = refused(&options(out.path()), long);
    assert_eq!(late.exit(), Exit::Usage);
    assert!(late.to_string().contains("a round takes up to 2 min 40 s"), "{late}");
    let enough = Length { most: Duration::from_secs(160), ..long };
    let a = options(out.path());
    let plans = ab::plan(&a, &a, enough, Rules::default()).expect("one round fits");
    assert!(plans.announcement().contains("time for 1 of them"), "{}", plans.announcement());
    assert_eq!(fs::read_dir(out.path()).expect("it is there").count(), 0, "nothing was begun");
}
