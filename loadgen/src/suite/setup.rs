//! What is made ready before anything is sent: the plans, and the controlling thread's own means.

use std::{
    cell::Cell, future::Future, io, net::IpAddr, path::Path, pin::pin, rc::Rc, sync::Arc, time::Duration,
};

use engine::{
    ends::{Ends, Stage},
    record::{Recorder, Registry},
};
use fixtures::targets::Roots;
use tokio::{runtime::Runtime, task::LocalSet, time::error::Elapsed};

use super::SuiteError;
use crate::{
    books::Books,
    context::{Context, Surroundings},
    digest,
    http::{Connector, Limits, Tls},
    options::Options,
    scenario::{Plan, Scenario},
    telemetry::{
        otlp::{self, About, Exporter},
        traces::Tracing,
    },
};

/// A scenario, planned.
pub struct Prepared {
    /// Its card.
    pub scenario: &'static dyn Scenario,
    /// Its plan.
    pub plan: Plan,
    /// SHA-256 of its planned requests.
    pub digest: String,
}

/// The plans of the scenarios chosen. Sends nothing.
pub fn plans(options: &Options, nonce: &Arc<str>) -> Vec<Prepared> {
    let prepare = |&scenario: &&'static dyn Scenario| {
        let plan = scenario.plan(&options.scope(scenario.name(), nonce.clone()));
        let digest = digest::of_plan(scenario.name(), &plan);
        Prepared { scenario, plan, digest }
    };
    options.scenarios.iter().map(prepare).collect()
}

/// The means of the controlling thread: a runtime of its own, and how connections are made.
pub(crate) struct Control {
    pub(crate) options: Options,
    pub(crate) nonce: Arc<str>,
    tls: Option<Tls>,
    /// Tells a collector, where there is one.
    pub(crate) exporter: Option<Exporter>,
    /// How many contexts it has made: each traces for itself.
    contexts: Cell<u64>,
    /// How many parts of the run have been played, or which one is.
    pub(crate) parts: Cell<u64>,
    runtime: Runtime,
    local: LocalSet,
    books: Option<Books>,
}

impl Control {
    pub(crate) fn new(options: &Options, nonce: Arc<str>) -> Result<Self, SuiteError> {
        let tls = options.target.wants_roots().then(|| trust(options)).transpose()?;
        let runtime = runtime()?;
        let mut control = Self {
            options: options.clone(),
            nonce,
            tls,
            exporter: None,
            contexts: Cell::new(0),
            parts: Cell::new(0),
            runtime,
            local: LocalSet::new(),
            books: None,
        };
        control.books = options.admin_token.as_ref().map(|token| Books::new(&control.connector(), token));
        Ok(control)
    }

    /// Runs something on the controlling thread to its end.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.local.block_on(&self.runtime, work)
    }

    /// The same, unless the run is to end meanwhile.
    pub(super) fn unless_interrupted<T>(
        &self,
        ends: &Ends,
        work: impl Future<Output = Result<T, SuiteError>>,
    ) -> Result<T, SuiteError> {
        self.block_on(async {
            tokio::select! {
                biased;
                () = ends.reached(Stage::Leaving) => Err(SuiteError::Interrupted),
                outcome = work => outcome,
            }
        })
    }

    /// The target's own books, when they may be read.
    pub(super) fn books(&self) -> Option<&Books> {
        self.books.as_ref()
    }

    /// How connections are made, with a pool of their own.
    pub(super) fn connector(&self) -> Connector {
        self.connectors()()
    }

    /// Begins to tell a collector, where there is one; a note when that cannot be.
    pub(crate) fn tell(&mut self, wish: Option<&otlp::Wish>, about: About) -> Option<String> {
        let begun = Exporter::begin(wish?, about);
        let failed = begun.map(|exporter| self.exporter = Some(exporter)).err()?;
        Some(format!("No OpenTelemetry collector was told anything: {failed}."))
    }

    /// The traces of a scenario that starts about now.
    pub(crate) fn tracing(&self, scenario: &'static str) -> Arc<Tracing> {
        let outlet = self.exporter.as_ref().map(Exporter::outlet);
        let part = self.parts.replace(self.parts.get() + 1);
        Tracing::new(self.options.telemetry.traces, self.nonce.clone(), (part, scenario), outlet)
    }

    /// How connections are made, as something another thread can take with it.
    pub(super) fn connectors(&self) -> impl Fn() -> Connector + Send + Sync + 'static {
        let (target, tls) = (Arc::new(self.options.target.clone()), self.tls.clone());
        let sources: Arc<[IpAddr]> = self.options.sources.as_slice().into();
        move || Connector::new(target.clone(), tls.clone(), Limits::default()).from_sources(sources.clone())
    }

    /// A context of the controlling thread; what it sends goes to `recorder`, or is not counted.
    pub(super) fn context(
        &self,
        scenario: &'static str,
        registry: Arc<Registry>,
        recorder: Option<Recorder>,
    ) -> Context {
        self.context_at(self.connector(), scenario, registry, recorder)
    }

    /// The same over these connections.
    pub(super) fn context_at(
        &self,
        connector: Connector,
        scenario: &'static str,
        registry: Arc<Registry>,
        recorder: Option<Recorder>,
    ) -> Context {
        let number = self.contexts.replace(self.contexts.get() + 1);
        let tracer = Tracing::silent(self.options.telemetry.traces, &self.nonce, scenario, number);
        Context::new(Rc::new(Surroundings {
            scenario,
            seed: self.options.seed,
            world: self.options.world,
            nonce: self.nonce.clone(),
            connector,
            recorder,
            registry,
            tracer: Some(Rc::new(tracer)),
        }))
    }
}

/// How long the target's books may take, and how long from Ctrl-C on: the report of an interrupted run comes
/// within three seconds.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE_WHEN_INTERRUPTED: Duration = Duration::from_millis(250);

/// Waits for the target's books. An interruption that comes while they are waited for shortens the wait.
pub(super) async fn patiently<T>(ends: &Ends, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let interrupted = async {
        ends.reached(Stage::Leaving).await;
        if !ends.interrupted() {
            ends.reached(Stage::Aborted).await;
        }
    };
    let mut work = pin!(tokio::time::timeout(PATIENCE, work));
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = interrupted => {}
    }
    tokio::time::timeout(PATIENCE_WHEN_INTERRUPTED, work).await?
}

/// Whom to trust: what was typed, else what the target's profile says.
fn trust(options: &Options) -> Result<Tls, SuiteError> {
    let target = &options.target;
    // An SFU of the public network is trusted as such, beside whatever the API's certificates are.
    let public = target.other_sfu().is_some_and(|sfu| *sfu.roots() == Roots::System);
    match (&options.ca, target.roots()) {
        (Some(ca), _) if public => Ok(Tls::trusting_beside_the_systems(ca)?),
        (None, Roots::File(pem)) if public => Ok(Tls::trusting_beside_the_systems(Path::new(pem))?),
        (None, _) if public => Ok(Tls::of_the_system()?),
        (Some(ca), _) => Ok(Tls::trusting(ca)?),
        (None, Roots::File(pem)) => Ok(Tls::trusting(Path::new(pem))?),
        (None, Roots::System) => Ok(Tls::of_the_system()?),
        (None, Roots::Unsaid) => Err(SuiteError::NoRoots(options.target.to_string())),
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
