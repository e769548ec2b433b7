//! What one worker traces.

use std::{cell::RefCell, sync::Arc};

use super::{Keeper, Over, Seen, Server, Tracing, ids::Ids};
use crate::{
    http::Traceparent,
    telemetry::otlp::{Book, Meter},
};

/// Gives requests their traces and keeps some. Not `Send`: each worker has its own. Dropped, it hands in what it kept.
#[derive(Debug)]
pub struct Tracer {
    ids: Ids,
    keeping: Option<Keeping>,
}

#[derive(Debug)]
struct Keeping {
    tracing: Arc<Tracing>,
    keeper: RefCell<Keeper>,
    book: Option<Book>,
}

impl Tracer {
    pub(super) fn keeping(ids: Ids, tracing: Arc<Tracing>) -> Self {
        let keeper = RefCell::new(Keeper::new(tracing.wish.slowest));
        let book = tracing.meter.as_ref().map(Meter::book);
        Self { ids, keeping: Some(Keeping { tracing, keeper, book }) }
    }

    pub(super) fn silent(ids: Ids) -> Self {
        Self { ids, keeping: None }
    }

    /// The trace of the next request.
    pub(crate) fn next(&self) -> Option<Traceparent> {
        self.ids.next()
    }

    /// Takes a request that is over. Most are neither sampled nor failed nor slow, and cost a few comparisons.
    pub(crate) fn saw(&self, route: &'static str, over: &Over<'_>, server: impl FnOnce() -> Server) {
        let Some(Keeping { tracing, keeper, book }) = &self.keeping else { return };
        let Over { trace, due, sent, done, phases, status, fault } = *over;
        let took = done.saturating_duration_since(due.at);
        if let Some(book) = book {
            book.count(route, status, fault, took);
        }
        let Some(trace) = trace else { return };
        let mut keeper = keeper.borrow_mut();
        let failed = fault.is_some_and(|kind| keeper.takes_failed(kind));
        let told = failed || trace.sampled;
        if !told && !keeper.takes_slow(route, took) {
            return;
        }
        let seen = Arc::new(Seen {
            trace,
            route,
            server: server(),
            due,
            sent,
            done,
            phases,
            status,
            fault: fault.cloned(),
            told,
        });
        keeper.keep(&seen);
        if let Some(outlet) = tracing.outlet.as_ref().filter(|_| told) {
            outlet.request(&tracing.scenario, seen);
        }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if let Some(Keeping { tracing, keeper, book }) = self.keeping.take() {
            drop(book);
            tracing.hand_in(keeper.into_inner());
        }
    }
}
