//! What load is spread over: arguments that several verbs share.

use std::net::IpAddr;

use clap::Args;

use super::Refusal;
use crate::{
    machine::MOST_PROCESSES,
    options::{Options, Split},
};

/// What load is spread over.
#[derive(Debug, Args)]
pub(super) struct Spread {
    /// Processes that share the load, each with its own limit of open files
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=MOST_PROCESSES),
        env = "LOADGEN_PROCESSES"
    )]
    processes: u64,

    /// Local addresses connections come from, in turn; each has its own ports [default: the system's choice, on
    /// 127.0.0.0/8 as many as the plan needs]
    #[arg(long, value_name = "ADDR", num_args = 1.., value_delimiter = ',', env = "LOADGEN_SOURCES")]
    sources: Vec<IpAddr>,
}

impl Spread {
    /// The same options, spread like this. Further processes are this program again.
    pub(super) fn over(&self, options: Options) -> Result<Options, Refusal> {
        let split = match self.processes {
            1 => None,
            processes => {
                let program = std::env::current_exe().map_err(|e| {
                    Refusal::usage(format!("--processes {processes}: this program cannot find itself ({e})"))
                })?;
                Some(Split { processes, program })
            }
        };
        Ok(Options { split, sources: self.sources.clone(), ..options })
    }
}
