//! Asks the admin port, and prints a line for each service and one for each fault.

use serde::Serialize;

use super::status_args::StatusArgs;
use super::status_faults::{StatusFault, faults};
use super::status_replies::{
    CircuitState, CircuitStates, ContractState, ContractStates, ServiceCircuits, TlsStates,
    TrafficState, TrafficStates, UpstreamStates,
};
use crate::cli::admin_port::{AdminClient, AdminError};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{
    DataFormat, ReportWriter, TextStyle, TextTable, counted, one_line, print_json, print_more,
};
use crate::cli::run_error::RunError;

/// The most services and faults that are listed.
const SERVICES_MAX: usize = 100;
const FAULTS_MAX: usize = 20;

/// The status, for programs.
#[derive(Debug, Serialize)]
struct StatusReport {
    services: Vec<ServiceStatus>,
    faults: Vec<StatusFault>,
}

#[derive(Debug, Serialize)]
struct ServiceStatus {
    service: String,
    /// The version of the active contract.
    version: Option<String>,
    /// Requests, violations and failures of the last seconds.
    seconds: u64,
    requests: u64,
    violations: u64,
    failures: u64,
    in_flight: u64,
    in_flight_max: u64,
    /// How many circuits refuse calls.
    circuits_refusing: usize,
}

/// Prints the status of a running proxy.
pub(crate) fn status(
    args: &StatusArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    if args.ready {
        return readiness(&client, out);
    }
    let report = report(&client)?;
    match args.format {
        DataFormat::Json => print_json(out, &report),
        DataFormat::Text => print_report(out, &report),
    }
    out.finish()?;
    Ok(CommandOutcome::finding_unless(report.faults.is_empty()))
}

/// Prints whether the proxy is ready, and for what it waits.
fn readiness(client: &AdminClient, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let readiness = client.readiness()?;
    match &readiness {
        Ok(()) => out.line("ready"),
        Err(reasons) => {
            for reason in reasons.lines() {
                out.line(one_line(reason));
            }
        }
    }
    out.finish()?;
    Ok(CommandOutcome::finding_unless(readiness.is_ok()))
}

fn report(client: &AdminClient) -> Result<StatusReport, AdminError> {
    let contracts: ContractStates = client.deserialize(&client.get(&["contracts"])?)?;
    let circuits: CircuitStates = client.deserialize(&client.get(&["breakers"])?)?;
    let traffic: TrafficStates = client.deserialize(&client.get(&["traffic"])?)?;
    let tls: TlsStates = client.deserialize(&client.get(&["tls"])?)?;
    let upstreams: UpstreamStates = client.deserialize(&client.get(&["upstreams"])?)?;
    let faults = faults(&contracts, &circuits, &traffic, &tls, &upstreams);
    let rows = contracts.services.into_iter().filter_map(|contract| {
        // A service that was removed between two responses has no row.
        let name = &contract.service;
        let circuits = circuits.services.iter().find(|of| of.service == *name)?;
        let traffic = traffic.services.iter().find(|of| of.service == *name)?;
        Some(ServiceStatus::of(contract, circuits, traffic))
    });
    Ok(StatusReport {
        services: rows.collect(),
        faults,
    })
}

impl ServiceStatus {
    fn of(contract: ContractState, circuits: &ServiceCircuits, traffic: &TrafficState) -> Self {
        let recent = &traffic.recent;
        let refusing = circuits
            .circuits()
            .filter(|circuit: &&CircuitState| circuit.refuses());
        Self {
            service: contract.service,
            version: contract.version.filter(|_| contract.in_force),
            seconds: recent.seconds,
            requests: recent.requests,
            violations: recent.wrong_requests + recent.wrong_responses,
            failures: recent.outcomes.failures(),
            in_flight: circuits.shares.in_flight,
            in_flight_max: circuits.shares.limit,
            circuits_refusing: refusing.count(),
        }
    }
}

fn print_report(out: &mut ReportWriter, report: &StatusReport) {
    let seconds = report.services.iter().map(|service| service.seconds).max();
    let seconds = seconds.unwrap_or_default();
    let head = [
        "service",
        "contract",
        "requests",
        "violations",
        "failures",
        "in flight",
        "open circuits",
    ];
    let mut table = TextTable::new(head, &[2, 3, 4, 5, 6]);
    for service in report.services.iter().take(SERVICES_MAX) {
        table.row([
            service.service.clone(),
            service.version.clone().unwrap_or_else(|| "none".to_owned()),
            service.requests.to_string(),
            service.violations.to_string(),
            service.failures.to_string(),
            format!("{} of {}", service.in_flight, service.in_flight_max),
            service.circuits_refusing.to_string(),
        ]);
    }
    table.print(out, "");
    let more = report.services.len().saturating_sub(SERVICES_MAX);
    print_more(out, more, "services");
    out.line("");
    for fault in report.faults.iter().take(FAULTS_MAX) {
        let subject = out.paint(TextStyle::Red, &fault.subject).to_string();
        out.line(format_args!("{subject}: {}", fault.message));
        let command = out.paint(TextStyle::Dim, &fault.command).to_string();
        out.line(format_args!("  {command}"));
    }
    let more = report.faults.len().saturating_sub(FAULTS_MAX);
    print_more(out, more, "faults");
    let verdict = match report.faults.len() {
        0 => "nothing is wrong".to_owned(),
        faults => counted(faults as u64, "fault"),
    };
    let verdict = out.paint(TextStyle::Bold, verdict).to_string();
    out.line(format_args!(
        "{verdict}; figures are of the last {}",
        counted(seconds, "second")
    ));
}
