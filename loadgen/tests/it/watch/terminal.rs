//! The terminal view, drawn on a terminal that is none.

use expect_test::expect;
use loadgen::watch::{
    model::Model,
    stream::Event,
    terminal::{draw, fits},
};
use ratatui::{Terminal, backend::TestBackend};

use super::made::{Teller, live, over, run, under_way};

fn drawn(model: &Model, now_ms: u64, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, model, now_ms)).expect("it can be drawn on");
    let buffer = terminal.backend().buffer();
    let row = |y| {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol());
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    (0..height).map(row).collect()
}

#[test]
fn it_fits_a_terminal_of_eighty_columns() {
    expect![["
        run_20270101_120000  smoke  http://127.0.0.1:8089     0:20 gone, about 0:56 left
        scenarios, so far ───────────── rtc-load: One live training session 6 of 18 s ──
        ■ search-load      PASS         490 req/s   100 users
        ▶ rtc-load         6 of 18 s    p50 14.6 ms   p95 43.8 ms   p99 110 ms
        · webhooks-load    10 s         2 500 requests   4 failed (0.16 %)
        · event-rsvp-load  10 s         rate                              ▇▇▇█▇ 499/s
        · page-load        13 s                                           █████
        · api-load         11 s         p95                               ▅▇▆█▆ 50.9 ms
        series, the newest second ──────────    rate      p50      p95      p99   failed
        GET /api/search                          110  12.0 ms  36.0 ms  90.0 ms        0
        POST /api/auth/login                     110  13.0 ms  39.0 ms  97.5 ms        0
        search                                   110  14.0 ms  42.0 ms   105 ms        0
        semantic search                          110  15.0 ms  45.0 ms   113 ms        4
        GET /api/events/{event_id}/registr…        0        –        –        –        0
        goals, so far: part of the allowance used ──────────────────────────────────────
        search p95          █▋······  20 % fine  connected           ········   0 % fine
        search p99          ██████▍·  80 % near  known answers are …                  ok
        semantic search p95 ████████ 120 % over  nothing is deliver…              broken
        filtered search p95     too few planned  TLS p95                  not applicable
        errors              ████████ 100 % over
        generator  late by (p99) 0.42 ms of 80.0 ms allowed  cores busy 0.80 of 2.00
        said ───────────────────────────────────────────────────────────────────────────
        run_20270101_120000 against http://127.0.0.1:8089 (mock)
        settling for 1 s
    "]]
    .assert_eq(&drawn(&under_way().model(), 19_500, 80, 24));
}

#[test]
fn a_larger_one_shows_more() {
    let mut teller = under_way();
    for second in 5..18 {
        teller.second(15_400 + 1_000 * second as u64, live(second));
    }
    expect![["
        run_20270101_120000  smoke  http://127.0.0.1:8089                                             0:33 gone, about 0:44 left
        scenarios, so far ───────────── rtc-load: One live training session 19 of 18 s ─────────────────────────────────────────
        ■ search-load      PASS         488 req/s   100 users
        ▶ rtc-load         19 of 18 s   p50 14.1 ms   p95 42.3 ms   p99 106 ms
        · webhooks-load    10 s         9 000 requests   4 failed (0.044 %)
        · event-rsvp-load  10 s         rate                                                         ▆▇▆▇▇▆▇▆▇▇▆▇▆█▇▆▇▆ 501/s
        · page-load        13 s                                                                      ██████████████████
        · api-load         11 s                                                                      ██████████████████
                                                                                                     ██████████████████
                                                                                                     ██████████████████
                                        p95                                                           ▃ ▆▁ ▄ ▇▂ ▅ █▂ ▅  52.4 ms
                                                                                                     ▃█▆██▄█▇██▄█▇██▅██
                                                                                                     ██████████████████
                                                                                                     ██████████████████
                                                                                                     ██████████████████
        series, the newest second ──────────────────────────────────────────────────    rate      p50      p95      p99   failed
        GET /api/search                                                                  108  12.0 ms  36.0 ms  90.0 ms        0
        POST /api/auth/login                                                             108  13.0 ms  39.0 ms  97.5 ms        0
        search                                                                           108  14.0 ms  42.0 ms   105 ms        0
        semantic search                                                                  108  15.0 ms  45.0 ms   113 ms        4
        GET /api/events/{event_id}/registrations/{registration_id}                         0        –        –        –        0
        goals, so far: part of the allowance used ──────────────────────────────────────────────────────────────────────────────
        search p95               p95 < 1 200 ms █▋······  20 % fine  connected                        > 99 % ········   0 % fine
        search p99               p99 < 2 000 ms ██████▍·  80 % near  known answers are among the fi… = 100 %                  ok
        semantic search p95      p95 < 1 500 ms ████████ 120 % over  nothing is delivered twice          = 0              broken
        filtered search p95        p95 < 800 ms     too few planned  TLS p95                    p95 < 200 ms      not applicable
        errors                          < 0.1 % ████████ 100 % over
        generator  late by (p99) 0.42 ms of 80.0 ms allowed  cores busy 0.80 of 2.00
        said ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
        run_20270101_120000 against http://127.0.0.1:8089 (mock)
        settling for 1 s









    "]].assert_eq(&drawn(&teller.model(), 33_000, 120, 40));
}

#[test]
fn before_the_first_scenario_and_after_the_end_there_is_a_view_too() {
    let mut teller = Teller::default();
    teller.tell(0, Event::RunBegan(run()));
    expect![["
        run_20270101_120000  smoke  http://127.0.0.1:8089     0:01 gone, about 1:12 left
        scenarios, so far ─────────────
        · search-load      10 s
        · rtc-load         18 s
        · webhooks-load    10 s
        · event-rsvp-load  10 s
        · page-load        13 s
        · api-load         11 s









        generator  late by (p99) –  cores busy – of 2.00
        said ───────────────────────────────────────────────────────────────────────────





    "]]
    .assert_eq(&drawn(&teller.model(), 500, 80, 24));
    let mut teller = under_way();
    teller.tell(30_000, over());
    let text = drawn(&teller.model(), 30_500, 80, 24);
    assert!(text.lines().next().is_some_and(|header| header.contains("FAIL: goals were missed")), "{text}");
}

#[test]
fn a_dumb_or_tiny_terminal_gets_plain_lines() {
    let large = || Ok((80, 24));
    assert!(fits(Some("xterm-256color"), large()));
    for term in [Some("dumb"), Some(""), None] {
        assert!(!fits(term, large()), "{term:?}");
    }
    for size in [(59, 24), (80, 17)] {
        assert!(!fits(Some("xterm"), Ok(size)), "{size:?}");
    }
    assert!(!fits(Some("xterm"), Err(std::io::Error::other("no terminal"))));
}

#[test]
fn no_size_breaks_it() {
    let model = under_way().model();
    for width in [1, 7, 31, 60, 81, 300] {
        for height in [1, 2, 5, 11, 17, 90] {
            drawn(&model, 19_500, width, height);
        }
    }
    drawn(&Model::default(), 0, 80, 24);
}
