//! Numbers as people read them.

use std::time::Duration;

use loadgen::words::{duration, limit, number, one_line, percent, proportion, tame};

#[test]
fn durations_have_three_digits_and_the_unit_that_fits() {
    let cases = [
        (0, "0 ms"),
        (4, "< 0.01 ms"),
        (420, "0.42 ms"),
        (9_994, "9.99 ms"),
        (9_996, "10.0 ms"),
        (99_940, "99.9 ms"),
        (99_960, "100 ms"),
        (999_600, "1 000 ms"),
        (1_636_000, "1 636 ms"),
        (9_999_400, "9 999 ms"),
        (9_999_900, "10.0 s"),
        (61_250_000, "61.2 s"),
    ];
    for (us, words) in cases {
        assert_eq!(duration(Duration::from_micros(us)), words);
    }
}

#[test]
fn a_limit_is_exact_and_has_no_digits_to_spare() {
    for (us, words) in
        [(10_000, "10 ms"), (500, "0.5 ms"), (1_200_000, "1 200 ms"), (2_500_250, "2 500.25 ms")]
    {
        assert_eq!(limit(Duration::from_micros(us)), words);
    }
}

#[test]
fn a_share_is_told_from_nothing_and_from_everything() {
    let cases = [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.999_5, "99.95 %"),
        (0.001, "0.1 %"),
        (1.0 - 0.001, "99.9 %"),
        (1e-6, "0.0001 %"),
        (1.0 - 1e-6, "99.9999 %"),
        (1e-9, "< 0.00001 %"),
        (1.0 - 1e-9, "> 99.99999 %"),
        (0.281_5, "28.1 %"),
        (0.5, "50 %"),
    ];
    for (share, words) in cases {
        assert_eq!(percent(share), words, "{share}");
    }
    assert_eq!(proportion(0.999, 2_997, 3_000), "99.9 % (2 997 of 3 000)");
}

#[test]
fn thousands_are_set_apart() {
    for (n, words) in [(0, "0"), (999, "999"), (1_000, "1 000"), (30_750, "30 750"), (1_234_567, "1 234 567")]
    {
        assert_eq!(number(n), words);
    }
}

#[test]
fn what_others_say_controls_neither_a_terminal_nor_a_workflow() {
    assert_eq!(one_line("a\r\nb\tc"), "a  b c");
    assert_eq!(one_line("\u{1b}[2J\u{9b}31mred\u{7f}\u{202e}der\u{200b}"), " [2J 31mred der");
    assert_eq!(one_line("judo für «Žižka» 柔道 😀"), "judo für «Žižka» 柔道 😀");
    assert_eq!(
        tame("one\n  ::error::two ::three\nfour ##[add-mask]five"),
        "one\n  : :error::two ::three\nfour ## [add-mask]five"
    );
    assert_eq!(tame("\u{1b}]0;title\u{7}"), " ]0;title ");
    assert_eq!(tame("at http://[::1]:8080"), "at http://[::1]:8080");
}
