//! A request as its trace has it.

use std::time::Duration;

use engine::{
    clock::{self, Anchor, Instant},
    driver::Due,
    record::{Fault, FaultKind, Phases},
};

use crate::{
    http::{Exchange, Traceparent},
    run::{Kept, Traced},
    ws::Socket,
};

/// A request whose trace is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) trace: Traceparent,
    /// Its one name: `GET /api/search`.
    pub(crate) route: &'static str,
    pub(crate) server: Server,
    pub(crate) due: Due,
    /// When it could go out.
    pub(crate) sent: Instant,
    /// When the whole answer was there, or it was given up.
    pub(crate) done: Instant,
    pub(crate) phases: Phases,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<FaultKind>,
    /// Whether it was told of as soon as it was over.
    pub(super) told: bool,
}

/// A request that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Over<'a> {
    pub(crate) trace: Option<Traceparent>,
    pub(crate) due: Due,
    pub(crate) sent: Instant,
    pub(crate) done: Instant,
    pub(crate) phases: Phases,
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'a FaultKind>,
}

impl<'a> Over<'a> {
    /// As it went over HTTP.
    pub(crate) fn exchange(due: Due, exchange: &Exchange, fault: Option<&'a FaultKind>) -> Self {
        let Exchange { sent, done, phases, trace, status, .. } = *exchange;
        Self { trace, due, sent, done, phases, status: status.map(|status| status.as_u16()), fault }
    }

    /// A socket's upgrade, which is over now.
    pub(crate) fn upgrade(due: Due, trace: Option<Traceparent>, opened: Result<&Socket, &'a Fault>) -> Self {
        let phases = opened.map_or_else(|_| Phases::default(), |socket| socket.phases);
        let made = phases.connecting.unwrap_or_default() + phases.tls.unwrap_or_default();
        let status = match opened {
            Ok(_) => Some(101),
            Err(Fault { kind: FaultKind::Status(status), .. }) => Some(*status),
            Err(_) => None,
        };
        let fault = opened.err().map(|fault| &fault.kind);
        Self { trace, due, sent: due.at + made, done: clock::now(), phases, status, fault }
    }
}

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Seen {
    /// From due to done.
    pub(super) fn took(&self) -> Duration {
        self.done.saturating_duration_since(self.due.at)
    }

    /// As a run keeps it.
    pub(super) fn traced(&self, why: Kept, anchor: &Anchor) -> Traced {
        Traced {
            trace_id: format!("{:032x}", self.trace.trace),
            route: self.route.to_owned(),
            due_unix_ms: anchor.unix_ns(self.due.at) / 1_000_000,
            took_ms: self.took().as_secs_f64() * 1e3,
            fault: self.fault.clone(),
            why,
        }
    }
}
