//! What a virtual user holds: where to send, how to ask, where to record.

use std::{rc::Rc, sync::Arc};

use contract::Endpoint;
use engine::record::{Fault, Recorder, Registry, TimingId};
use fixtures::{Stream, World};

use crate::{
    call::{Call, Fetch},
    deployment::Crossing,
    http::{Client, Connector, Outgoing, Traceparent},
    sfu::{Account, Pace},
    target::Target,
    telemetry::traces::{Over, Server, Tracer},
};

/// What all users of a scenario on one worker share.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The scenario's name; also the key of its random streams.
    pub scenario: &'static str,
    /// Seed of everything random in the requests.
    pub seed: u64,
    /// What exists at the target.
    pub world: World,
    /// Sets this run's rows apart from other runs'.
    pub nonce: Arc<str>,
    /// How connections are made.
    pub connector: Connector,
    /// Where requests are recorded; `None` for requests that are not counted.
    pub recorder: Option<Recorder>,
    /// The scenario's series, to find an endpoint's by its route.
    pub registry: Arc<Registry>,
    /// What gives requests their traces, if they have any.
    pub tracer: Option<Rc<Tracer>>,
}

/// One virtual user's own: its connection, and what it shares with the others of its worker.
#[derive(Debug)]
pub struct Context {
    around: Rc<Surroundings>,
    /// The user's own way to the target: it remembers which server they are at.
    connector: Connector,
    client: Client,
    /// Connections to other origins of the target, by where they lead; usually there are none.
    elsewhere: Vec<Client>,
    /// How fast an SFU is asked.
    pub(crate) pace: Pace,
}

impl Context {
    /// A user with a connection of its own, not yet made.
    pub fn new(around: Rc<Surroundings>) -> Self {
        Self::of_user(around, 0)
    }

    /// User `n` of many: where a target has several servers, each begins at one in turn.
    pub fn of_user(around: Rc<Surroundings>, n: u64) -> Self {
        let connector = around.connector.of_user(n);
        Self::by(around, connector)
    }

    fn by(around: Rc<Surroundings>, connector: Connector) -> Self {
        let client = Client::new(connector.clone());
        Self { around, client, connector, elsewhere: Vec::new(), pace: Pace::default() }
    }

    /// A second context with a connection of its own: for what one person does twice at once (a double
    /// click, a concurrent redelivery).
    #[must_use]
    pub fn another(&self) -> Self {
        Self::by(self.around.clone(), self.connector.clone())
    }

    /// User `n`, who borrows connections from its worker's pool and gives them back.
    pub fn pooled(around: Rc<Surroundings>, n: u64) -> Self {
        let connector = around.connector.of_user(n);
        let client = Client::pooled(connector.clone());
        Self { around, client, connector, elsewhere: Vec::new(), pace: Pace::default() }
    }

    /// Asks an endpoint: `context.call::<GetEvent>(&params).due(due).send().await`.
    pub fn call<'a, E: Endpoint>(&'a mut self, params: &E::Params) -> Call<'a, E> {
        Call::new(self, params)
    }

    /// Asks for a page or an asset under its one name, such as [`contract::pages::HOME`]; `path` may add a
    /// query to it.
    pub fn fetch<'a>(&'a mut self, route: &'static str, path: impl Into<String>) -> Fetch<'a> {
        Fetch::new(self, route, path.into())
    }

    /// What exists at the target.
    pub fn world(&self) -> World {
        self.around.world
    }

    /// Sets this run's rows apart from other runs'.
    pub fn nonce(&self) -> &str {
        &self.around.nonce
    }

    /// Takes what is not a request: shares, counters, values, phases of a socket.
    ///
    /// # Panics
    /// In a context that does not record ([`crate::scenario::Script::prepare`]).
    pub fn recorder(&self) -> &Recorder {
        self.around.recorder.as_ref().expect("only users and warm-ups record")
    }

    /// The random stream of user or arrival `n`: the same in every run of the same seed.
    pub fn stream(&self, n: u64) -> Stream {
        Stream::new(self.around.seed, self.around.scenario, n)
    }

    /// The scenario's series.
    pub fn registry(&self) -> &Registry {
        &self.around.registry
    }

    /// The connection of this user.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The connection for requests of this route: the target may have parts at other origins.
    pub fn client_for(&mut self, route: &'static str) -> &mut Client {
        let Some(target) = self.connector.target().elsewhere(route) else { return &mut self.client };
        let known = self.elsewhere.iter().position(|client| client.connector().target() == target.as_ref());
        let place = known.unwrap_or_else(|| {
            self.elsewhere.push(Client::new(self.connector.to(target.clone())));
            self.elsewhere.len() - 1
        });
        &mut self.elsewhere[place]
    }

    /// Changes a request to what the target's deployment takes, where it differs from the contract.
    pub(crate) fn adapt(
        &self,
        route: &'static str,
        outgoing: &mut Outgoing,
    ) -> Result<Option<Crossing>, Fault> {
        let target = self.connector.target();
        // How the target differs says nothing of somebody else's SFU.
        match target.deployment().filter(|_| !target.goes_to_other_sfu(route)) {
            Some(deployment) => deployment.adapt(route, outgoing),
            None => Ok(None),
        }
    }

    /// The account that pays for this route's part of the target, where one does.
    pub(crate) fn account(&self, route: &'static str) -> Option<&Account> {
        self.around.connector.target().account(route)
    }

    /// How connections are made, for sockets.
    pub fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The trace of the next request of this route. Whoever is not the target is told of none.
    pub(crate) fn trace(&self, route: &'static str) -> Option<Traceparent> {
        let tracer = self.around.tracer.as_ref()?;
        if self.connector.target().goes_to_other_sfu(route) { None } else { tracer.next() }
    }

    /// Takes down a request of this route that is over, where its trace is to be kept.
    pub(crate) fn traced(&self, route: &'static str, over: &Over<'_>) {
        let Some(tracer) = &self.around.tracer else { return };
        tracer.saw(route, over, || {
            let target: &Target = self.connector.target();
            let asked = target.elsewhere(route).map_or(target, AsRef::as_ref);
            Server { host: asked.host().to_owned(), port: asked.port() }
        });
    }

    pub(crate) fn maybe_recorder(&self) -> Option<&Recorder> {
        self.around.recorder.as_ref()
    }

    pub(crate) fn series(&self, route: &str) -> TimingId {
        self.around.registry.find_timing(route).expect("a plan declares every endpoint its users call")
    }
}
