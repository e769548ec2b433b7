//! Where requests meet faults: a layer outside of the one that holds answers, so that what lengthens a request is
//! part of its plan, and a look ([`Before`]) right before the handler, so that what is refused takes its time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use contract::ApiError;
use futures_util::future::Either;
use http::Version;
use tower::{Layer, Service};

use super::Faults;
use super::body;
use super::kinds::{Blow, Lost};
use super::wire::Sever;
use crate::api::refusal;
use crate::app::Settings;
use crate::clock;
use crate::latency::{Latency, Longer, NeverArrives};

/// Puts [`Struck`] around a route's service.
#[derive(Debug, Clone)]
pub(crate) struct FaultLayer {
    settings: Arc<Settings>,
    latency: Arc<Latency>,
    route: &'static str,
}

impl FaultLayer {
    /// The layer to put around `route`, outside of the one that holds its answers.
    pub(crate) fn new(settings: &Arc<Settings>, latency: &Arc<Latency>, route: &'static str) -> Self {
        Self { settings: Arc::clone(settings), latency: Arc::clone(latency), route }
    }

    fn seize(&self, blow: &Blow) {
        for seized in &blow.seized {
            let until = clock::now() + seized.lasting;
            if self.latency.seize(seized.owner, &seized.pool, seized.servers, until) {
                self.settings.faults.has_seized(seized);
            }
        }
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = Struck<S>;

    fn layer(&self, inner: S) -> Struck<S> {
        Struck { inner, of: self.clone() }
    }
}

/// A service whose requests faults may strike. Costs a look at a flag when there is no plan.
#[derive(Debug, Clone)]
pub(crate) struct Struck<S> {
    inner: S,
    of: FaultLayer,
}

impl<S> Service<Request> for Struck<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let faults = &self.of.settings.faults;
        let mut blow = match faults.request(self.of.route) {
            Some(blow) => blow,
            None if faults.may_go_down() => Blow::default(),
            None => return Either::Left(self.inner.call(request)),
        };
        let version = request.version();
        if blow.is_gone {
            return Either::Right(Box::pin(std::future::ready(Ok(nothing(version)))));
        }
        self.of.seize(&blow);
        if blow.longer > Duration::ZERO {
            request.extensions_mut().insert(Longer(blow.longer));
        }
        request
            .extensions_mut()
            .insert(Before { refusal: blow.refusal.take(), is_lost: blow.lost.is_some() });
        let settings = Arc::clone(&self.of.settings);
        let answering = self.inner.call(request);
        Either::Right(Box::pin(async move {
            let Ok(response) = answering.await;
            Ok(after(response, blow, version, &settings.faults).await)
        }))
    }
}

/// What comes from a server that is not there: a reset, and nothing that the books would take for an answer.
fn nothing(version: Version) -> Response {
    let mut response = lose(Response::default(), Lost::Reset, version);
    response.extensions_mut().insert(NeverArrives);
    response
}

/// Marks an answer to be lost this way.
fn lose(mut response: Response, lost: Lost, version: Version) -> Response {
    response.extensions_mut().insert(match lost {
        _ if version == Version::HTTP_2 => Sever::Stream,
        Lost::Reset => Sever::Reset,
        Lost::Silence => Sever::Close,
    });
    response
}

/// What is done to an answer on its way out.
async fn after(response: Response, blow: Blow, version: Version, faults: &Faults) -> Response {
    if faults.is_down() {
        return nothing(version);
    }
    if let Some(lost) = blow.lost {
        return lose(response, lost, version);
    }
    if blow.cut.is_some() || blow.pace.is_some() {
        body::reshape(response, blow.cut, blow.pace).await
    } else {
        response
    }
}

/// What a request carries to the moment at which it would take effect.
#[derive(Debug, Clone, Default)]
pub(crate) struct Before {
    refusal: Option<ApiError>,
    is_lost: bool,
}

impl Before {
    /// What faults left for this moment.
    pub(crate) fn of(request: &mut Request) -> Self {
        request.extensions_mut().remove::<Self>().unwrap_or_default()
    }

    /// The answer that takes the handler's place.
    pub(crate) fn refusal(&self) -> Option<Response> {
        self.refusal.as_ref().map(refusal)
    }

    /// Marks an answer that will not reach its client, so that it is not in the books as one that did.
    pub(crate) fn mark(&self, mut response: Response) -> Response {
        if self.is_lost {
            response.extensions_mut().insert(NeverArrives);
        }
        response
    }
}
