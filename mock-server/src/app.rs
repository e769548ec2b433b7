//! The process around the mock: what it was started with, and the world it serves at the moment.

use std::sync::{Arc, PoisonError, RwLock};

use fixtures::World;
use fixtures::profiles::Profile;

use crate::dataset::Dataset;
use crate::latency::Latency;
use crate::metrics::Metrics;
use crate::mock::Mock;

/// What a mock is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long answers take.
    pub profile: Profile,
    /// Seed of the latency draws.
    pub seed: u64,
    /// What `/__admin/*` asks for as bearer token.
    pub admin_token: String,
    /// The secret Stripe's events are signed with.
    pub stripe_secret: String,
    /// What `/health` says this is.
    pub environment: String,
    /// A world to start with; without one it is empty until a dataset is sent.
    pub world: Option<World>,
}

/// What stays the same from one dataset to the next.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) admin_token: String,
    pub(crate) stripe_secret: String,
    pub(crate) environment: String,
}

/// The process: its settings, its latency, its metrics, and the mock it serves now.
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) latency: Arc<Latency>,
    pub(crate) metrics: Arc<Metrics>,
    current: RwLock<Arc<Mock>>,
}

impl App {
    /// Ready to serve the config's world.
    pub(crate) fn new(config: Config) -> Arc<Self> {
        let dataset: Dataset = config.world.iter().flat_map(World::records).collect();
        let settings = Arc::new(Settings {
            admin_token: config.admin_token,
            stripe_secret: config.stripe_secret,
            environment: config.environment,
        });
        Arc::new(Self {
            latency: Arc::new(Latency::new(&config.profile, config.seed)),
            metrics: Arc::new(Metrics::default()),
            current: RwLock::new(Arc::new(Mock::load(Arc::clone(&settings), &dataset))),
            settings,
        })
    }

    /// The mock at this moment. Whoever asked keeps it to the end of their request.
    pub(crate) fn mock(&self) -> Arc<Mock> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves this dataset from now on.
    pub(crate) fn replace(&self, dataset: &Dataset) {
        let fresh = Arc::new(Mock::load(Arc::clone(&self.settings), dataset));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, fresh);
        drop(current);
        // Letting go of a world takes a while; nobody should wait for it.
        drop(old);
    }
}
