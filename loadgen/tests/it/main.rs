//! The load generator's tests, in one binary.

#[path = "../../../tests/provided.rs"]
mod provided;

mod api;
#[path = "../../../mock-server/tests/it/browser.rs"]
#[expect(dead_code, reason = "only the mock's page is typed into")]
mod browser;
mod browser_life;
mod browser_visit;
mod calls;
mod client;
mod cloudflare;
mod command_line;
mod compare;
mod deployment;
mod flash_crowd;
mod hard_times;
mod interrupted;
mod limits;
mod live_session;
mod machine;
mod media;
mod media_books;
mod media_session;
mod missing_index;
mod odd_indexes;
mod otlp;
mod page;
mod page_browsers;
mod pooled;
mod preflight;
mod probes;
mod processes;
mod promises;
mod quiet_database;
mod readiness;
mod report;
mod rsvp_lies;
mod safety;
mod scopes;
mod search;
mod servers;
mod session_lies;
mod sizing;
mod sources;
mod stage;
mod stalls;
mod stops;
mod stripe_burst;
mod stripe_lies;
mod targets;
mod telemetry;
mod truth;
mod two_servers;
mod watch;
mod words;
