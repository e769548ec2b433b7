//! Plain lines.

use expect_test::expect;
use loadgen::watch::{model::Model, plain::Plain};

use super::made::{live, over, under_way};

#[test]
fn a_log_has_begins_and_ends_what_is_said_and_a_line_every_ten_seconds() {
    let mut teller = under_way();
    for second in 5..18 {
        teller.second(15_400 + 1_000 * second as u64, live(second));
    }
    teller.tell(40_000, over());
    let (mut model, mut plain) = (Model::default(), Plain::default());
    let lines = teller.entries.iter().filter_map(|entry| {
        model.apply(entry);
        plain.line(entry, &model)
    });
    let text: String = lines.flat_map(|line| [line, "\n".into()]).collect();
    expect![["
        run_20270101_120000 against http://127.0.0.1:8089 (mock)
        search-load: 10 s
        search-load: 10 of 10 s, 500 req/s, 100 users, p95 51.6 ms, 4 failed, about 1:02 left
        search-load: 5 012 requests in 10.9 s, 4 failed
        settling for 1 s
        rtc-load: 18 s
        rtc-load: 10 of 18 s, 500 req/s, 100 users, p95 51.6 ms, 4 failed, about 0:52 left
    "]]
    .assert_eq(&text);
}
