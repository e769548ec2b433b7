use super::*;

fn block(bad: u64, n: u64) -> Block {
    Block { n, bad }
}

#[test]
fn newcombes_own_example() {
    // Newcombe 1998, table II: 56/70 less 48/80, method 10, is 0.0524 to 0.3339.
    let (low, high) = newcombe(block(48, 80), block(56, 70));
    assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
}

#[test]
fn fishers_tea() {
    // Fisher, The Design of Experiments: 3 of 4 against 1 of 4 is 34/70 two-sided; 4 against 0 is 2/70.
    assert!((fisher(block(3, 4), block(1, 4)) - 34.0 / 70.0).abs() < 1e-9);
    assert!((fisher(block(4, 4), block(0, 4)) - 2.0 / 70.0).abs() < 1e-9);
    assert!((fisher(block(2, 4), block(2, 4)) - 1.0).abs() < 1e-9);
}

#[test]
fn where_nothing_failed_there_is_nothing_to_compare() {
    assert_eq!(difference(&[block(0, 10)], &[block(0, 10)]), None);
    assert_eq!(difference(&[], &[block(1, 10)]), None);
}

#[test]
fn a_burst_is_worth_less_than_as_many_scattered_failures() {
    let sound = vec![block(0, 100); 20];
    let scattered = vec![block(3, 100); 20];
    let mut burst = vec![block(0, 100); 19];
    burst.push(block(60, 100));
    let of = |b: &[Block]| difference(&sound, b).expect("some failed");
    let (scattered, burst) = (of(&scattered), of(&burst));
    assert!((scattered.difference() - burst.difference()).abs() < 1e-12);
    assert!(scattered.p < 1e-6 && burst.p > 0.05, "{} {}", scattered.p, burst.p);
    assert!(burst.half_width() > scattered.half_width());
}
