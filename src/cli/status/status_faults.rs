//! What is wrong with a running proxy, by its own figures.

use serde::Serialize;

use super::status_replies::{
    CircuitState, CircuitStates, ContractState, ContractStates, ServerState, ServiceCircuits,
    TlsState, TlsStates, TrafficState, TrafficStates, UpstreamState, UpstreamStates,
};
use crate::cli::output::{counted, one_line, whole_seconds};

/// Something that is wrong.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct StatusFault {
    /// The service, or the section of the configuration.
    pub(super) subject: String,
    /// What is wrong, and since when.
    pub(super) message: String,
    /// The command that shows more.
    pub(super) command: String,
}

/// Everything that is wrong, what affects most first.
pub(super) fn faults(
    contracts: &ContractStates,
    circuits: &CircuitStates,
    traffic: &TrafficStates,
    tls: &TlsStates,
    upstreams: &UpstreamStates,
) -> Vec<StatusFault> {
    let contracts = contracts.services.iter().flat_map(contract_faults);
    let circuits = circuits.services.iter().flat_map(circuit_faults);
    let traffic = traffic.services.iter().flat_map(traffic_faults);
    let upstreams = upstreams.services.iter().flat_map(upstream_faults);
    let tls = tls.sections.iter().filter_map(tls_fault);
    contracts
        .chain(circuits)
        .chain(upstreams)
        .chain(tls)
        .chain(traffic)
        .collect()
}

fn contract_faults(contract: &ContractState) -> Vec<StatusFault> {
    let fault = |message: String| StatusFault {
        subject: contract.service.clone(),
        message,
        command: format!("portcullis contract show {}", contract.service),
    };
    let error = contract.last_error.as_deref().map(one_line);
    let state = match (contract.in_force, contract.stale) {
        (false, _) => Some("no contract is active, so all requests are refused".to_owned()),
        (true, true) => {
            let since = contract.stale_since.as_deref().unwrap_or("the start");
            Some(format!("an older contract is active since {since}"))
        }
        (true, false) if error.is_some() => {
            Some("the last revision was refused, and the one before it is active".to_owned())
        }
        (true, false) => None,
    };
    let state = state.map(|state| match &error {
        Some(error) => format!("{state}: {error}"),
        None => state,
    });
    let warnings = contract.warnings.iter().map(|warning| one_line(warning));
    state.into_iter().chain(warnings).map(fault).collect()
}

fn circuit_faults(service: &ServiceCircuits) -> Vec<StatusFault> {
    let fault = |circuit: &CircuitState| {
        let who = match (&circuit.squad, &circuit.tier) {
            (Some(squad), Some(tier)) => format!("{squad} ({tier})"),
            (Some(squad), None) => squad.clone(),
            (None, _) => "all callers".to_owned(),
        };
        let mut message = format!("the circuit of {who} is {}", circuit.state);
        if let Some(seconds) = circuit.since_seconds {
            message.push_str(&format!(" for {}", whole_seconds(seconds)));
        }
        if let Some(reason) = &circuit.reason {
            message.push_str(&format!(": {}", one_line(reason)));
        }
        StatusFault {
            subject: service.service.clone(),
            message,
            command: format!("portcullis breakers --service {}", service.service),
        }
    };
    let refusing = service.circuits().filter(|circuit| circuit.refuses());
    let mut faults: Vec<StatusFault> = refusing.map(fault).collect();
    let shares = &service.shares;
    if shares.waiting > 0 {
        faults.push(StatusFault {
            subject: service.service.clone(),
            message: format!(
                "{} waiting for one of {} slots",
                counted(shares.waiting, "request"),
                shares.limit
            ),
            command: format!("portcullis breakers --service {}", service.service),
        });
    }
    faults
}

/// The servers that get no requests, or that did not accept their last connection.
fn upstream_faults(upstream: &UpstreamState) -> Vec<StatusFault> {
    let servers = &upstream.servers;
    let bad = servers.iter().filter(|server| server.state != "healthy");
    let fault = |server: &ServerState| {
        let mut message = format!("the server {} is {}", server.address, server.state);
        if let Some(since) = &server.since {
            message.push_str(&format!(" since {since}"));
        }
        if let Some(fault) = &server.fault {
            message.push_str(&format!(": {}", one_line(fault)));
        }
        message.push_str(&format!(
            "; the service has {}",
            counted(servers.len() as u64, "server")
        ));
        StatusFault {
            subject: upstream.service.clone(),
            message,
            command: "GET /upstreams of the admin port".to_owned(),
        }
    };
    bad.map(fault).collect()
}

fn tls_fault(section: &TlsState) -> Option<StatusFault> {
    Some(StatusFault {
        subject: section.section.clone(),
        message: format!(
            "older files are in use: {}",
            one_line(section.problem.as_deref()?)
        ),
        command: "correct the files; they are loaded again by themselves".to_owned(),
    })
}

fn traffic_faults(traffic: &TrafficState) -> Vec<StatusFault> {
    let recent = &traffic.recent;
    let outcomes = &recent.outcomes;
    let seconds = recent.seconds;
    let counts = [
        (
            outcomes.failures(),
            "request",
            "failed because of the service",
        ),
        (
            outcomes.unsent,
            "request",
            "could not be sent for lack of descriptors, ports, memory or name resolution",
        ),
        (recent.wrong_responses, "response", "violated the contract"),
        (recent.wrong_requests, "request", "violated the contract"),
    ];
    let recent = counts.into_iter().filter(|(count, ..)| *count > 0);
    let recent = recent.map(|(count, noun, what)| {
        let messages = counted(count, noun);
        format!("{messages} {what} in the last {seconds} s")
    });
    let dropped = traffic.untrusted_squad_headers;
    let dropped = (dropped > 0).then(|| {
        format!(
            "{} dropped since the start, because their senders are not in identity.trusted_peers",
            counted(dropped, "squad header")
        )
    });
    recent
        .chain(dropped)
        .map(|message| StatusFault {
            subject: traffic.service.clone(),
            message,
            command: format!("GET /traffic/{} of the admin port", traffic.service),
        })
        .collect()
}
