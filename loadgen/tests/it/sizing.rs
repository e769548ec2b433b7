//! Presets: what they change, and what a plan then says.

use std::time::Duration;

use expect_test::expect_file;
use loadgen::{
    options::Options,
    plan_text,
    preset::{Preset, Sizing},
    suite,
    target::Target,
};

#[test]
fn a_preset_changes_durations_and_stated_heads_only() {
    let search = Sizing::new("search-load", Preset::Smoke, 1.0);
    assert!((search.stretch(540.0) - 10.0 / 540.0).abs() < 1e-12);
    assert_eq!(search.heads(100), 100);
    assert_eq!(search.every(Duration::from_secs(6)), Duration::from_secs(2));
    let page = Sizing::new("page-load", Preset::Quick, 1.0);
    assert_eq!((page.heads(10_000), page.every(Duration::from_secs(6))), (2_000, Duration::from_secs(6)));
    let full = Sizing::new("page-load", Preset::Full, 1.0);
    assert!((full.stretch(900.0) - 1.0).abs() < 1e-12);
    assert_eq!(full.heads(10_000), 10_000);
}

#[test]
fn the_time_scale_stretches_durations_and_leaves_intervals() {
    let twice = Sizing::new("search-load", Preset::Smoke, 2.0);
    assert!((twice.seconds(540.0) - 20.0).abs() < 1e-12);
    assert_eq!(twice.every(Duration::from_secs(6)), Duration::from_secs(2));
}

#[test]
fn a_scenario_that_is_not_listed_has_a_size_at_every_preset() {
    let seconds = |preset| Sizing::new("new-load", preset, 1.0).seconds(600.0);
    assert_eq!(Preset::ALL.map(|preset| seconds(preset).round() as u64), [12, 60, 600]);
}

fn plan_at(preset: Preset) -> String {
    let target = Target::parse("mock").expect("a name that is known");
    let options = Options { preset, workers: 2, ..Options::new(target) };
    let prepared = suite::plans(&options, &"plan".into());
    plan_text::of(&prepared, preset.name())
}

#[test]
fn the_plan_of_launch_day_reads_as_it_was_ordered() {
    let text = plan_at(Preset::Full);
    for figure in [
        "1 000 queries/min",
        "30 000 webhook events",
        "500 registrations: 250 in 2 min",
        "10 000 visitors",
        "350 requests/s",
    ] {
        assert!(text.contains(figure), "no `{figure}` in\n{text}");
    }
    expect_file!["plan_full.txt"].assert_eq(&text);
}

#[test]
fn the_plan_of_a_smoke_run_lists_what_it_cannot_prove() {
    expect_file!["plan_smoke.txt"].assert_eq(&plan_at(Preset::Smoke));
}
