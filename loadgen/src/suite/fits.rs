//! Before anything is sent: whether the world and this machine carry the plans, and from which addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::{Prepared, SuiteError};
use crate::{
    machine::{Allowance, Demand, Spread},
    options::Options,
    target::Target,
};

/// Sockets open beside those of a scenario: the controlling thread's, and the books'.
const CONTROL_SOCKETS: u64 = 4;

/// Where connections of these plans are to come from (nowhere in particular, as a rule), or why the world or
/// this machine cannot carry them. Raises the limit of open files as far as this process may.
pub fn fits(prepared: &[Prepared], options: &Options) -> Result<Vec<IpAddr>, SuiteError> {
    let members = options.world.size().members;
    for Prepared { scenario, plan, .. } in prepared {
        if plan.needs.load_users > members {
            let (scenario, needed) = (scenario.name(), plan.needs.load_users);
            return Err(SuiteError::TooFewUsers { scenario, needed, members });
        }
    }
    let (allowance, demands) = (Allowance::raised(), demands(prepared));
    let most = demands.iter().map(|demand| demand.sockets).max().unwrap_or(0);
    let sources = sources(options, allowance.addresses_for(most));
    let spread = Spread { processes: options.processes(), sources: sources.len() as u64 };
    allowance.carries(&demands, spread)?;
    for &source in &sources {
        usable(source, &options.target)?;
    }
    Ok(sources)
}

fn demands(prepared: &[Prepared]) -> Vec<Demand> {
    let demand = |Prepared { scenario, plan, .. }: &Prepared| Demand {
        scenario: scenario.name(),
        sockets: plan.needs.connections + CONTROL_SOCKETS,
        splits: plan.script.splits(),
    };
    prepared.iter().map(demand).collect()
}

/// The addresses asked for. Where none is, and one has too few ports: as many of 127.0.0.0/8 as are needed, when
/// the target is there as well. All of it is this machine's own (RFC 1122, section 3.2.1.3).
fn sources(options: &Options, needed: u64) -> Vec<IpAddr> {
    let on_loopback =
        options.target.everywhere().all(|to| matches!(to.ip(), IpAddr::V4(ip) if ip.is_loopback()));
    if !options.sources.is_empty() || needed <= 1 || !on_loopback {
        return options.sources.clone();
    }
    let first = u32::from(Ipv4Addr::LOCALHOST);
    (0..u32::try_from(needed).unwrap_or(u32::MAX))
        .map(|n| Ipv4Addr::from(first.saturating_add(n)).into())
        .collect()
}

/// An address that connections cannot come from would be noticed only in the middle of the run.
fn usable(source: IpAddr, target: &Target) -> Result<(), SuiteError> {
    let refused = |why: String| SuiteError::Source { address: source, why };
    if !target.addresses().iter().any(|to| to.is_ipv4() == source.is_ipv4()) {
        return Err(refused(format!("target {target} has no address of its kind")));
    }
    let domain = if source.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let bound = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))
        .and_then(|socket| socket.bind(&SocketAddr::new(source, 0).into()));
    bound.map_err(|e| refused(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(target: &str, asked: &[&str], needed: u64) -> Vec<String> {
        let target = Target::parse(target).expect("a loopback target");
        let asked = asked.iter().map(|text| text.parse().expect("an address")).collect();
        let options = Options { sources: asked, ..Options::new(target) };
        sources(&options, needed).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn loopback_has_as_many_addresses_as_a_plan_needs() {
        assert!(chosen("mock", &[], 1).is_empty(), "one is the system's own choice");
        assert_eq!(chosen("mock", &[], 3), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        assert_eq!(chosen("mock", &["127.0.0.9"], 3), ["127.0.0.9"], "what is asked for is not added to");
        assert!(chosen("http://[::1]:9", &[], 3).is_empty(), "IPv6 has one loopback address");
    }
}
