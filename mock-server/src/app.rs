//! The process around the mock: what it was started with, and the worlds it serves.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use contract::ApiError;
use fixtures::World;
use fixtures::profiles::Profile;
use tokio_util::sync::CancellationToken;

use crate::dataset::Dataset;
use crate::defects::{Defect, Defects};
use crate::faults::{FaultPlan, Faults};
use crate::history::History;
use crate::latency::{Latency, Origin};
use crate::live::bus::{Bus, BusAddress};
use crate::live::{Plane, SfuApp};
use crate::metrics::Metrics;
use crate::pages::{PageWeight, Pages};
use crate::server::{Connections, Limits, Tls};
use crate::snapshot::{SnapshotError, Vault};
use crate::spans::{Collector, Spans};
use crate::worlds::Worlds;

/// What a mock is started with.
#[derive(Clone)]
pub struct Config {
    /// How long answers take.
    pub profile: Profile,
    /// Where that is from; a file is followed.
    pub profile_from: Origin,
    /// Seed of the latency draws.
    pub seed: u64,
    /// What `/__admin/*` asks for as bearer token.
    pub admin_token: String,
    /// The secret Stripe's events are signed with.
    pub stripe_secret: String,
    /// What `/health` says this is.
    pub environment: String,
    /// A world to start with, unless some were kept; without one it is empty until a dataset is sent.
    pub world: Option<World>,
    /// In which ways it is wrong on purpose.
    pub defects: Vec<Defect>,
    /// What goes wrong around it on a schedule, which starts when it listens.
    pub faults: Option<FaultPlan>,
    /// Speak TLS, with this certificate.
    pub tls: Option<Tls>,
    /// What a peer may take of time and connections.
    pub limits: Limits,
    /// Where the worlds are kept from one start to the next.
    pub data_dir: Option<PathBuf>,
    /// The load session takes at least so many participants, whatever its dataset says.
    pub session_capacity: u32,
    /// Where the media of live sessions is received; without it, and in a build without `media`, descriptions
    /// are exchanged and no packet ever flows.
    pub media: Option<MediaListen>,
    /// An application of the SFU's own, beside that of the live sessions.
    pub sfu_app: Option<SfuApp>,
    /// What other servers share their live sessions over.
    pub bus: Option<BusAddress>,
    /// How heavy the pages are.
    pub page_weight: PageWeight,
    /// Who is told of the requests that belong to a trace.
    pub otlp: Option<Collector>,
}

/// Without the secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("profile", &self.profile.name)
            .field("seed", &self.seed)
            .field("environment", &self.environment)
            .field("defects", &self.defects)
            .finish_non_exhaustive()
    }
}

/// Where media is received: one UDP socket for all sessions of all worlds.
#[derive(Debug, Clone, Copy, Default)]
pub struct MediaListen {
    /// Address and port of the socket; by default the address of the listener and a free port.
    pub listen: Option<SocketAddr>,
    /// The address clients are told, if it is another than the socket's (containers).
    pub advertise: Option<IpAddr>,
}

impl Default for Config {
    /// An empty mock without latency whose admin token is empty: nobody gets in.
    fn default() -> Self {
        Self {
            profile: Profile::instant(),
            profile_from: Origin::Given,
            seed: fixtures::DEFAULT_SEED,
            admin_token: String::new(),
            stripe_secret: contract::stripe::DEFAULT_SECRET.to_owned(),
            environment: "mock".to_owned(),
            world: None,
            defects: Vec::new(),
            faults: None,
            tls: None,
            limits: Limits::default(),
            data_dir: None,
            session_capacity: 0,
            media: Some(MediaListen::default()),
            sfu_app: None,
            bus: None,
            page_weight: PageWeight::default(),
            otlp: None,
        }
    }
}

/// What stays the same from one dataset to the next, and in all worlds.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) admin_token: String,
    pub(crate) stripe_secret: String,
    pub(crate) environment: String,
    pub(crate) defects: Defects,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) sfu_app: Option<SfuApp>,
    pub(crate) bus: Option<Arc<Bus>>,
    pub(crate) session_capacity: u32,
    pub(crate) pages: Pages,
    /// What a collector is told of requests, where there is one.
    pub(crate) spans: Option<Spans>,
    /// Cancelled when the process begins to end: whatever could stay open for long ends then.
    pub(crate) ending: CancellationToken,
    /// Carries the media of live sessions, once the process listens.
    pub(crate) plane: OnceLock<Arc<Plane>>,
}

/// Without the secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("environment", &self.environment)
            .field("defects", &self.defects)
            .finish_non_exhaustive()
    }
}

/// The process: its settings, its latency, its metrics, its connections, and the worlds it serves.
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) latency: Arc<Latency>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) connections: Connections,
    pub(crate) worlds: Worlds,
    /// Where the worlds are kept from one start to the next.
    vault: Option<Vault>,
    pub(crate) history: History,
}

impl App {
    /// Ready to serve the worlds that were kept, else the config's.
    pub(crate) fn new(config: Config) -> Result<Arc<Self>, SnapshotError> {
        let (vault, kept) = config.data_dir.as_deref().map(Vault::open).transpose()?.unzip();
        let kept = kept.unwrap_or_default();
        let settings = Arc::new(Settings {
            admin_token: config.admin_token,
            stripe_secret: config.stripe_secret,
            environment: config.environment,
            defects: Defects::planted(&config.defects),
            faults: Faults::planned(config.faults),
            limits: config.limits,
            sfu_app: config.sfu_app,
            bus: config.bus.map(Bus::at),
            session_capacity: config.session_capacity,
            pages: Pages::of(config.page_weight),
            spans: config.otlp.map(Spans::told_to),
            ending: CancellationToken::new(),
            plane: OnceLock::new(),
        });
        let worlds = Worlds::new(Arc::clone(&settings), config.world.as_ref().filter(|_| kept.is_empty()));
        let latency = Latency::new(&config.profile, config.seed).from(config.profile_from);
        for (name, dataset) in &kept {
            worlds.replace(name, dataset).expect("no more worlds were kept than there may be");
            latency.set_rows(&dataset.counts());
        }
        if let Some(world) = config.world.as_ref().filter(|_| kept.is_empty()) {
            latency.set_rows(&world.counts());
        }
        Ok(Arc::new(Self {
            latency: Arc::new(latency),
            metrics: Arc::new(Metrics::default()),
            connections: Connections::new(&config.limits),
            worlds,
            vault,
            history: History::default(),
            settings,
        }))
    }

    /// Serves this dataset under this name from now on. Routes whose time grows with the data go by the one that
    /// was sent last, whichever world it is for.
    pub(crate) fn replace(&self, name: &str, dataset: &Dataset) -> Result<(), ApiError> {
        self.worlds.replace(name, dataset)?;
        self.latency.set_rows(&dataset.counts());
        Ok(())
    }

    /// Keeps all worlds for the next start; how many there were. None when they have no place to be kept.
    pub(crate) fn keep_worlds(&self) -> Option<Result<usize, SnapshotError>> {
        let vault = self.vault.as_ref()?;
        let worlds = self.worlds.list();
        let kept = vault.keep(worlds.iter().map(|world| (world.name.as_str(), &*world.mock)));
        Some(kept.map(|()| worlds.len()))
    }

    /// Keeps all worlds for the last time: the next process may have their place.
    pub(crate) fn keep_worlds_and_leave(&self) -> Option<Result<usize, SnapshotError>> {
        let kept = self.keep_worlds();
        self.vault.iter().for_each(Vault::release);
        kept
    }
}
