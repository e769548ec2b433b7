//! The life of a real browser: found or attached to, through all that goes wrong with it, to an end that leaves
//! nothing.

mod attached;
mod fake;
mod left;
mod real;

use std::time::Duration;

use loadgen::browser::{Device, Done, Grounds, Order, Throttle};

/// Longest that anything may take. Only what is broken comes near it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A visit of a page by a visitor who was never there.
fn order(url: &str) -> Order {
    Order {
        url: url.to_owned(),
        page: None,
        cookies: Vec::new(),
        headers: Vec::new(),
        visitor: 0,
        returning: false,
        device: Device::Desktop,
        throttle: Throttle::None,
        film_later_than: None,
        done: Done::Quiet,
    }
}

fn nowhere() -> Grounds {
    Grounds { hosts: Vec::new(), own_roots: false }
}

async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what} never came"))
}
