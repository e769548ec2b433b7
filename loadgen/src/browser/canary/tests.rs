use proptest::prelude::*;

use super::*;

/// What its script and its picture take alone on a machine of two cores.
const ALONE_MS: f64 = 150.0;
/// The same on a quick one, and with a processor throttled four-fold.
const QUICK_MS: f64 = 75.0;
const THROTTLED_MS: f64 = 600.0;

/// Seen six times alone, and then as often as there are `beside`, which take so many times as long.
fn canary(alone_ms: f64, beside: &[f64]) -> Canary {
    let held_ms = held_ms();
    // Two tabs at once differ by a tenth.
    let idle_ms = [0.95, 0.97, 1.0, 1.0, 1.03, 1.05].map(|times| held_ms + times * alone_ms).to_vec();
    let meanwhile_ms = beside.iter().map(|times| held_ms + times * alone_ms).collect();
    Canary { held_ms, idle_ms, meanwhile_ms, lost: 0 }
}

fn is_starved(alone_ms: f64, beside: &[f64]) -> bool {
    canary(alone_ms, beside).is_starved().expect("it was seen both ways")
}

#[test]
fn idle_and_moderately_busy_machines_pass() {
    for alone_ms in [QUICK_MS, ALONE_MS] {
        for times in [0.9, 1.0, 1.1, 1.3, 1.5] {
            assert!(!is_starved(alone_ms, &[times]), "{alone_ms} ms, {times} times");
            assert!(!is_starved(alone_ms, &[times; 18]), "{alone_ms} ms, {times} times");
        }
    }
    assert!(!is_starved(THROTTLED_MS, &[1.4; 18]), "240 ms more");
}

#[test]
fn two_fold_starvation_is_noticed() {
    for alone_ms in [QUICK_MS, ALONE_MS, THROTTLED_MS] {
        for times in [2.0, 2.5, 4.0] {
            assert!(is_starved(alone_ms, &[times]), "{alone_ms} ms, {times} times");
            // Only at the crowd's peak.
            let mut beside = [1.1; 18];
            beside[8..10].fill(times);
            assert!(is_starved(alone_ms, &beside), "{alone_ms} ms, {times} times");
        }
    }
    assert!(is_starved(THROTTLED_MS, &[1.5; 18]), "300 ms more are more than a tenth of LCP's limit");
}

#[test]
fn what_it_is_held_back_hides_nothing() {
    // 300 ms more, of 1 150 in all: a quarter, and three times the work.
    let starved = canary(ALONE_MS, &[3.0]);
    assert_eq!(starved.times(), Some(3.0));
    let said = starved.starved().expect("it took longer");
    assert!(
        said.contains("450 ms beyond the 1000 ms it is held back") && said.contains("150 ms before"),
        "{said}"
    );
    assert!(said.contains("the slowest of 1") && said.contains("the median of 6"), "{said}");
    assert!(said.contains("3.00 times as long"), "{said}");
}

#[test]
fn one_hiccup_of_many_starves_nobody_and_two_do() {
    let mut beside = [1.1; 18];
    beside[5] = 4.0;
    assert!(!is_starved(ALONE_MS, &beside));
    beside[6] = 4.0;
    assert!(is_starved(ALONE_MS, &beside));
    let said = canary(ALONE_MS, &beside).starved().expect("two took longer");
    assert!(said.contains("the second slowest of 18"), "{said}");
    assert!(is_starved(ALONE_MS, &[1.0, 1.0, 4.0]), "of few, the slowest counts");
}

#[test]
fn a_few_frames_are_no_starvation() {
    assert!(!is_starved(20.0, &[3.0]), "40 ms more");
    assert!(is_starved(20.0, &[4.0]), "60 ms more");
}

#[test]
fn what_was_not_seen_both_ways_is_not_known() {
    let seen = canary(ALONE_MS, &[1.0]);
    for canary in [
        Canary { idle_ms: Vec::new(), ..seen.clone() },
        Canary { meanwhile_ms: Vec::new(), ..seen.clone() },
        Canary::default(),
    ] {
        assert_eq!((canary.times(), canary.is_starved(), canary.starved()), (None, None, None));
    }
}

#[test]
fn its_picture_is_a_bitmap_with_enough_in_it_to_count() {
    let file = picture();
    let (width, height) = PICTURE;
    assert_eq!(file.len(), 54 + 4 * 256 + (width * height) as usize);
    assert_eq!(width % 4, 0, "rows need no padding");
    assert!(file.len() as f64 * 8.0 / f64::from(SHOWN.0 * SHOWN.1) > 1.0);
}

#[test]
fn its_picture_stands_behind_its_script() {
    let (script, picture) = (PAGE.find("/work.js"), PAGE.find("/picture.bmp"));
    assert!(script.is_some() && script < picture, "else it would be painted before the work is done");
}

proptest! {
    /// Whoever is starved more is not starved less.
    #[test]
    fn more_is_not_less(beside in prop::collection::vec(0.5..5.0_f64, 1..30), more in 1.0..3.0_f64) {
        let later: Vec<f64> = beside.iter().map(|times| times * more).collect();
        prop_assert!(!is_starved(ALONE_MS, &beside) || is_starved(ALONE_MS, &later));
    }
}
