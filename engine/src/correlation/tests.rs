use proptest::prelude::*;

use super::*;

const SEARCH: Search = Search { most_lag: 2, worlds: 99, seed: 1 };

/// Noise that resembles itself a moment ago.
fn noise(draws: &mut Phases, length: usize, memory: f64) -> Vec<f64> {
    let mut value = 0.0;
    let mut next = || {
        // Twelve uniform draws make a value that is near enough to normal.
        let sum: f64 = (0..12).map(|_| draws.draw() / TAU).sum();
        value = memory * value + sum - 6.0;
        value
    };
    (0..length + 50).map(|_| next()).skip(50).collect()
}

#[test]
fn equal_values_share_the_mean_of_their_ranks() {
    assert_eq!(ranks(&[30.0, 10.0, 20.0, 20.0, f64::INFINITY]), [4.0, 1.0, 2.5, 2.5, 5.0]);
}

#[test]
fn spearman_knows_what_textbooks_know() {
    // The IQ and television example of many textbooks: ρ = -29/165.
    let iq = [106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
    let hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
    let rho = spearman(&iq, &hours).expect("both change");
    assert!((rho + 29.0 / 165.0).abs() < 1e-12, "{rho}");
    assert_eq!(spearman(&iq, &[1.0; 10]), None);
    assert_eq!(spearman(&iq, &hours[1..]), None);
}

#[test]
fn a_leader_is_found_with_its_lead() {
    let mut draws = Phases(3);
    let leader = noise(&mut draws, 62, 0.6);
    let late: Vec<f64> = leader[..60].iter().map(|value| value.exp()).collect();
    let found = matches(&[late], &[noise(&mut draws, 60, 0.6), leader[2..].to_vec()], SEARCH);
    let first = found[0];
    // What leads shows its values two steps sooner.
    assert_eq!((first.leader, first.lead), (1, 2));
    assert!(first.rho > 0.999 && first.chance <= 0.01, "{first:?}");
    assert!(found[1].chance > 0.05, "{found:?}");
}

#[test]
fn a_world_of_chance_has_the_same_waves() {
    let values = noise(&mut Phases(9), 40, 0.8);
    let spectrum = Spectrum::of(&values);
    let unturned = spectrum.turned(&[0.0; 40]);
    let same = spearman(&values, &unturned).expect("both change");
    assert!((same - 1.0).abs() < 1e-9, "{same}");
    let mut phases = Phases(4);
    let turns: Vec<f64> = (0..40).map(|_| phases.draw()).collect();
    let turned = Spectrum::of(&spectrum.turned(&turns));
    let scale = turned.waves[0].0 / spectrum.waves[0].0;
    // The last wave of an even length has no phase of its own.
    for (a, b) in spectrum.waves.iter().zip(&turned.waves).take(19) {
        assert!((a.0 * scale - b.0).abs() < 1e-6 * a.0.max(1.0) * scale, "{a:?} {b:?}");
    }
}

#[test]
fn chance_is_told_from_what_is_none() {
    let mut draws = Phases(5);
    let claims = (0..100).filter(|seed| {
        let followers = [noise(&mut draws, 40, 0.8)];
        let leaders: Vec<_> = (0..4).map(|_| noise(&mut draws, 40, 0.8)).collect();
        matches(&followers, &leaders, Search { seed: *seed, ..SEARCH })[0].chance <= 0.05
    });
    // 5 of 100 are expected; more than 12 come once in a thousand times.
    let claims = claims.count();
    assert!(claims <= 12, "{claims}");
}

#[test]
fn nothing_matches_nothing() {
    assert!(matches(&[], &[vec![1.0, 2.0]], SEARCH).is_empty());
    assert!(matches(&[vec![1.0; 30]], &[vec![1.0; 30]], SEARCH).is_empty());
    assert!(matches(&[vec![]], &[vec![]], SEARCH).is_empty());
}

proptest! {
    #[test]
    fn rank_correlation_does_not_see_how_bent_a_relation_is(values in prop::collection::vec(-50.0..50.0f64, 2..40)) {
        let bent: Vec<f64> = values.iter().map(|value| value.exp()).collect();
        match spearman(&values, &bent) {
            Some(rho) => prop_assert!((rho - 1.0).abs() < 1e-9),
            None => prop_assert!(values.iter().all(|value| (value - values[0]).abs() < 1e-9)),
        }
    }

    #[test]
    fn a_correlation_is_a_correlation(pairs in prop::collection::vec((-9.0..9.0f64, -9.0..9.0f64), 25..40)) {
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        for it in matches(&[a], &[b], Search { worlds: 19, ..SEARCH }) {
            prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&it.rho));
            prop_assert!((0.05 - 1e-9..=1.0).contains(&it.chance));
        }
    }
}
