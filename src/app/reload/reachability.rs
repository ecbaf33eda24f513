//! Whether requests can reach the operations of a contract.
//!
//! A service gets the requests below its path prefix that no other service gets. A prefix that the
//! contract's paths do not have, or another service with a longer one, makes operations unreachable,
//! while the service is otherwise ready.

use std::collections::BTreeSet;

use portcullis_config::{Config, ServiceConfig};
use portcullis_contract::CompiledContract;
use portcullis_contract::route::PrefixOverlap;

/// How many beginnings of paths a warning names.
const BEGINNINGS_MAX: usize = 3;

/// The operations of a service that no request can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Reachability {
    /// How many.
    pub(in crate::app) unreachable: usize,
    /// What is wrong and what to do, if there are any.
    pub(in crate::app) warning: Option<String>,
}

/// Why an operation is unreachable.
#[derive(Clone, Copy, Debug)]
enum Obstacle<'c> {
    /// No address of it has the service's path prefix.
    Prefix,
    /// This service gets all its addresses.
    Service(&'c ServiceConfig),
}

impl Reachability {
    /// The reachability of the operations of a service.
    pub(in crate::app) fn of(
        config: &Config,
        service: &ServiceConfig,
        contract: &CompiledContract,
    ) -> Self {
        if service.vendor.is_some() {
            // Its calls come by other ways.
            return Self::default();
        }
        let paths: Vec<(&str, u32)> = contract.declared_paths().collect();
        let overlaps = |of: &ServiceConfig| -> Vec<PrefixOverlap> {
            contract.prefix_overlaps(of.path_prefix.as_str()).collect()
        };
        let own = overlaps(service);
        let takers: Vec<(&ServiceConfig, Vec<PrefixOverlap>)> = config
            .services
            .iter()
            .filter(|other| precedes(other, service))
            .map(|other| (other, overlaps(other)))
            .collect();
        let mut obstacles = vec![None; contract.operations.len()];
        let mut reachable = vec![false; contract.operations.len()];
        for (index, (_, operation)) in paths.iter().enumerate() {
            let taker = takers
                .iter()
                .find(|(_, overlaps)| overlaps[index] == PrefixOverlap::Always);
            let obstacle = match taker {
                _ if own[index] == PrefixOverlap::Never => Some(Obstacle::Prefix),
                Some((other, _)) => Some(Obstacle::Service(other)),
                None => None,
            };
            reachable[*operation as usize] |= obstacle.is_none();
            obstacles[*operation as usize] = obstacle;
        }
        let unreachable: Vec<Obstacle<'_>> = obstacles
            .into_iter()
            .zip(reachable)
            .filter_map(|(obstacle, is_reachable)| obstacle.filter(|_| !is_reachable))
            .collect();
        let warning = unreachable.first().map(|first| {
            let all = contract.operations.len();
            let none = if unreachable.len() == all {
                "no operation is reachable: "
            } else {
                ""
            };
            let lost = unreachable.len();
            format!(
                "{none}{lost} of {all} operations cannot be reached: {}",
                advice(*first, service, &paths)
            )
        });
        Self {
            unreachable: unreachable.len(),
            warning,
        }
    }
}

/// Whether `other` gets the requests of all hosts of `service` below its own, longer prefix.
fn precedes(other: &ServiceConfig, service: &ServiceConfig) -> bool {
    let has_host = |host| other.hosts.contains(host);
    let asks_at = |service: &ServiceConfig| service.verdict().map(|verdict| verdict.path.clone());
    other.name != service.name
        && asks_at(other) == asks_at(service)
        && other.path_prefix.as_str().len() > service.path_prefix.as_str().len()
        && service.hosts.iter().all(has_host)
}

fn advice(obstacle: Obstacle<'_>, service: &ServiceConfig, paths: &[(&str, u32)]) -> String {
    let prefix = &service.path_prefix;
    match obstacle {
        Obstacle::Prefix => {
            let beginning = |path: &str| match path.split('/').nth(1) {
                Some(first) => format!("/{first}"),
                None => path.to_owned(),
            };
            let all: BTreeSet<String> = paths.iter().map(|(path, _)| beginning(path)).collect();
            let shown: Vec<&str> = all
                .iter()
                .take(BEGINNINGS_MAX)
                .map(String::as_str)
                .collect();
            let more = match all.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "path_prefix is {prefix}, and the paths of the contract begin with {}{more}; change \
                 path_prefix, or set base_paths = [\"{prefix}\"] if the service serves its paths \
                 below {prefix}",
                shown.join(", ")
            )
        }
        Obstacle::Service(other) => format!(
            "service `{}` gets their requests, because its path_prefix {} is longer than {prefix}; \
             change one of the prefixes, or the hosts",
            other.name, other.path_prefix
        ),
    }
}
