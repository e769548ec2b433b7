//! Load only where it may go. Pure rules; who breaks them is told what is wrong and what to do.
//!
//! A host must be on its environment's list in `fixtures/environments.toml`, is never one of production's, and nothing
//! that takes part may have `prod` in its name. The target's `/health` must name the environment. Whatever is not this
//! machine wants its host typed once more, and is told what load that means. There is no flag against any of it.

use std::net::IpAddr;

use fixtures::environments::{self, Allowed};

use crate::sfu::{Allowance, Traffic, traffic};

/// Why load does not go somewhere: the end of a sentence that begins with the target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name says that it is production's.
    #[error("the {what} `{name}` has `prod` in its name, and load never goes to production")]
    Production {
        /// What the name is of.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// It is a host of production's, whatever it is called.
    #[error("`{0}` is production, and load never goes there")]
    Apex(String),
    /// The host is on no list.
    #[error(
        "its host `{host}` is not on the list of {whose} ({}); a host is added in {}, by review",
        listed.join(", "),
        environments::FILE
    )]
    NotListed {
        /// The host.
        host: String,
        /// The environment, or all of them.
        whose: String,
        /// What is on the list.
        listed: Vec<String>,
    },
    /// A name that should be this machine's leads elsewhere.
    #[error("`{host}` should be this machine and leads to {address}")]
    LeadsAway {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// What it says it is, is not what was asked for.
    #[error("its /health says its environment is `{says}`, and {wanted}")]
    OtherEnvironment {
        /// What it says.
        says: String,
        /// What it should say.
        wanted: String,
    },
    /// It has a price, and less of it was allowed than the plan takes.
    #[error("{estimate}: allow it with `--allow-egress-gb {needed}`{allowed}")]
    Costs {
        /// What the plan takes and what that costs, in words.
        estimate: String,
        /// What to type: gigabytes.
        needed: String,
        /// What was typed instead, in words.
        allowed: String,
    },
    /// Nobody confirmed it.
    #[error(
        "load leaves this machine only when its host is confirmed: add `--confirm {host}`{typed}. {load}"
    )]
    Unconfirmed {
        /// What to type.
        host: String,
        /// What that would mean, in a sentence.
        load: String,
        /// What was typed instead, in words.
        typed: String,
    },
}

/// No name may say that it is production's: what it names, and the name.
pub fn names(named: &[(&'static str, &str)]) -> Result<(), Refusal> {
    let guilty = named.iter().find(|(_, name)| environments::speaks_of_production(name));
    guilty.map_or(Ok(()), |&(what, name)| Err(Refusal::Production { what, name: name.to_owned() }))
}

/// The host must be on the list of its environment; of any, when none was asked for.
pub fn host(environment: Option<&str>, host: &str) -> Result<(), Refusal> {
    let whose = environment.map_or_else(|| "any environment".to_owned(), |name| format!("`{name}`"));
    let mut listed: Vec<String> =
        lists(environment).into_iter().flat_map(|(_, allowed)| allowed.load.clone()).collect();
    listed.sort();
    listed.dedup();
    on_list(&listed, host, whose)
}

/// The host must be one of the SFUs' that live sessions may use instead of their environment's.
pub fn sfu_host(host: &str) -> Result<(), Refusal> {
    on_list(&environments::shipped().sfu, host, "SFUs".to_owned())
}

/// The host must be one of those that a browser may ask for parts of a page, beside the target's.
pub fn browsed(host: &str) -> Result<(), Refusal> {
    on_list(&environments::shipped().browsers, host, "what browsers may ask".to_owned())
}

/// The host must be the target's, or one of those that may be read beside the load.
pub fn probed(host: &str, target: &str) -> Result<(), Refusal> {
    let mut listed = environments::shipped().probes.clone();
    listed.push(environments::host_name(target));
    on_list(&listed, host, "what may be read".to_owned())
}

fn on_list(listed: &[String], host: &str, whose: String) -> Result<(), Refusal> {
    let host = environments::host_name(host);
    names(&[("host", &host)])?;
    if environments::is_production(&host) {
        return Err(Refusal::Apex(host));
    }
    if environments::is_listed(listed, &host) {
        return Ok(());
    }
    Err(Refusal::NotListed { host, whose, listed: listed.to_vec() })
}

fn lists(environment: Option<&str>) -> Vec<(&'static str, &'static Allowed)> {
    let all = environments::shipped().all().into_iter();
    all.filter(|(name, _)| environment.is_none_or(|wanted| wanted == *name)).collect()
}

/// Whether a host can only be this machine: an address of the loopback, or a name reserved for it (RFC 6761).
pub fn is_this_machine(host: &str) -> bool {
    let host = environments::host_name(host);
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A host that can only be this machine must also lead there.
pub fn address(host: &str, address: IpAddr) -> Result<(), Refusal> {
    if is_this_machine(host) && !address.is_loopback() {
        return Err(Refusal::LeadsAway { host: host.to_owned(), address });
    }
    Ok(())
}

/// What the target's `/health` says must be the environment asked for; when none was, one that `host` may be of.
pub fn health(environment: Option<&str>, host: &str, says: &str) -> Result<(), Refusal> {
    let low = says.to_lowercase();
    names(&[("environment in its /health", &low)])?;
    let host = environments::host_name(host);
    let mut fitting = lists(environment);
    fitting.retain(|(_, allowed)| environments::is_listed(&allowed.load, &host));
    if fitting.iter().any(|(_, allowed)| allowed.health.contains(&low)) {
        return Ok(());
    }
    let known: Vec<&str> =
        fitting.iter().flat_map(|(_, allowed)| allowed.health.iter().map(String::as_str)).collect();
    let wanted = match environment {
        Some(name) => format!("the `{name}` that was asked for says {}", known.join(" or ")),
        None => format!("load goes only to what says {} ({})", known.join(", "), environments::FILE),
    };
    Err(Refusal::OtherEnvironment { says: says.to_owned(), wanted })
}

/// What has a price must have been allowed, and as much of it as the plan takes. `typed` is in gigabytes.
pub fn costs(traffic: Traffic, typed: Option<f64>) -> Result<Allowance, Refusal> {
    let allowance = typed.map(Allowance::gigabytes);
    if let Some(allowance) = allowance.filter(|allowance| allowance.covers(traffic)) {
        return Ok(allowance);
    }
    let allowed = typed.map_or_else(String::new, |typed| format!(" or more ({typed} was typed)"));
    Err(Refusal::Costs {
        estimate: traffic.price(),
        needed: traffic::to_allow(traffic.to_be_allowed()),
        allowed,
    })
}

/// Whatever is not this machine must have been confirmed by its exact name. `load` says what it would mean.
pub fn confirmed(host: &str, typed: Option<&str>, load: impl FnOnce() -> String) -> Result<(), Refusal> {
    if is_this_machine(host) || typed == Some(host) {
        return Ok(());
    }
    let typed = typed.map_or_else(String::new, |typed| format!(" (`{typed}` was typed)"));
    Err(Refusal::Unconfirmed { host: host.to_owned(), load: load(), typed })
}
