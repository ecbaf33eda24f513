//! Gathers, judges, records, tells.

use std::time::{Instant, SystemTime};

use serde_json::json;

use crate::config::{load_catalog, nearest};
use crate::source::{CommitOutcome, PrometheusClient};
use portcullis_compat::{self as compat, CompareOptions};
use portcullis_contract::CompiledContract;
use portcullis_control::gate::{
    self, DeploymentComparison, DeploymentRegistry, GateCase, GateDecision, GateOverride,
    GateReason, GateRule, GateVerdict, ReasonWeight, RegisteredContract, TrafficMeasurement,
    UtcTimestamp,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::{Catalog, Squad};

use super::gate_args::{GateFormat, RegistryArgs, VerdictArgs};
use super::gate_command::{actor_name, now};
use super::gate_error::GateError;
use super::gate_registry::{GateRegistry, VersionedRecord};
use super::gate_report::GateReport;
use super::prometheus_queries::measure;
use super::{
    candidate_contract, gate_markdown, gate_report, gate_text, github, gitlab, otlp, textfile,
};
use crate::cli::admin_port::{AdminClient, DEPLOY_WINDOWS};
use crate::cli::diff::approvals_file;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, print_error};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerdictRequest<'a> {
    place: &'a RegistryArgs,
    contract: &'a str,
    verdict_args: &'a VerdictArgs,
}

impl<'a> VerdictRequest<'a> {
    /// What the words of the command line ask.
    pub(super) fn of(words: &'a VerdictArgs) -> Self {
        let demanded = "clap demands it where no subcommand is named";
        Self {
            place: words.place.as_ref().expect(demanded),
            contract: words.contract.as_ref().expect(demanded),
            verdict_args: words,
        }
    }
}

/// Judges whether a revision may go out, and records it if that is wanted.
pub(super) fn verdict(
    args: &VerdictRequest<'_>,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let began = Instant::now();
    let now = now();
    let catalog = load_catalog(&args.verdict_args.catalog)?;
    let squad = squad(&catalog, args)?;
    let provider = provider(&catalog, args)?;
    let registry = GateRegistry::open(args.place, provider.name.as_str())?;
    let mut found = registry.read()?;
    found.record.check_clock(now).map_err(GateError::from)?;
    let (contract, content) = candidate_contract::read(args.contract, &Limits::default())?;
    let keep = keep_until(args, &found.record, &contract, now)?;
    let compared = compare(&registry, &found.record, &contract, now)?;
    let measured = measured(args, &registry)?;
    let approvals = args
        .verdict_args
        .approvals
        .as_deref()
        .map(approvals_file::read)
        .transpose()?;
    let identity = contract.identity();
    let case = GateCase {
        catalog: &catalog,
        squad,
        service: &args.place.service,
        candidate: &identity,
        record: &found.record,
        comparisons: &compared,
        approvals: approvals.as_deref().unwrap_or_default(),
        measurement: measured.as_ref(),
        keep_until: keep,
        override_request: args
            .verdict_args
            .overriding
            .as_deref()
            .zip(args.verdict_args.reason.as_deref())
            .map(|(name, reason)| GateOverride { name, reason }),
        now,
    };
    let mut verdict = case.judge();
    let deployment = case.deployment(&verdict, &actor_name(args.verdict_args.by.as_deref()));
    let mut recorded = None;
    let may_go = matches!(
        verdict.decision,
        GateDecision::Allowed | GateDecision::Overridden
    );
    if may_go && let Some(length) = &args.verdict_args.open_window {
        open_window(args, length)?;
    }
    let deployed = compared
        .iter()
        .find(|compared| Some(compared.number) == verdict.base)
        .map(|compared| compared.version.clone());
    if may_go && args.verdict_args.record {
        found.record.deploy(deployment, verdict.base, keep, now);
        match record(args, &registry, &mut found, &content, now)? {
            Some(number) => recorded = Some(number),
            None => block_on_conflict(&mut verdict, &registry.read()?.record, &content),
        }
    }
    let report = GateReport {
        squad: &args.place.squad,
        service: &args.place.service,
        candidate: &identity,
        deployed,
        verdict: &verdict,
        recorded,
        measured: measured.as_ref(),
        duration: began.elapsed(),
    };
    print_report(args, &report, &registry, out)?;
    Ok(match verdict.decision {
        GateDecision::Blocked => CommandOutcome::Finding,
        GateDecision::Allowed | GateDecision::Overridden | GateDecision::Unchanged => {
            CommandOutcome::Success
        }
    })
}

fn squad<'c>(catalog: &'c Catalog, args: &VerdictRequest<'_>) -> Result<&'c Squad, GateError> {
    let name = &args.place.squad;
    let found = catalog.find(name).and_then(|id| catalog.squad(id));
    found.ok_or_else(|| GateError::Unknown {
        what: "squad",
        name: name.clone(),
        near: nearest(
            name,
            catalog.squads().iter().map(|squad| squad.name.as_str()),
        )
        .map(str::to_owned),
        catalog: args.verdict_args.catalog.clone(),
    })
}

fn provider<'c>(catalog: &'c Catalog, args: &VerdictRequest<'_>) -> Result<&'c Squad, GateError> {
    let name = &args.place.service;
    let services = catalog.squads().iter().flat_map(|squad| &squad.services);
    catalog.provider_of(name).ok_or_else(|| GateError::Unknown {
        what: "service",
        name: name.clone(),
        near: nearest(name, services.map(String::as_str)).map(str::to_owned),
        catalog: args.verdict_args.catalog.clone(),
    })
}

/// Until when what is replaced stays, if it is what the argument names.
fn keep_until(
    args: &VerdictRequest<'_>,
    record: &DeploymentRegistry,
    contract: &CompiledContract,
    now: UtcTimestamp,
) -> Result<Option<UtcTimestamp>, GateError> {
    let (Some(wanted), Some(until)) = (&args.verdict_args.keep, args.verdict_args.until) else {
        return Ok(None);
    };
    let base = gate::replaced_deployment(record, &contract.version, now);
    if !base.is_some_and(|base| base.version == *wanted || base.revision == *wanted) {
        return Err(GateError::Keep {
            wanted: wanted.clone(),
            found: base.map(|base| base.version.clone()),
        });
    }
    let until_moment = UtcTimestamp::of_date(until);
    match until_moment > now {
        true => Ok(Some(until_moment)),
        false => Err(GateError::Until(until.to_string())),
    }
}

/// Compares the contract with each that is deployed; one that is the same needs no comparison.
fn compare(
    registry: &GateRegistry,
    record: &DeploymentRegistry,
    contract: &CompiledContract,
    now: UtcTimestamp,
) -> Result<Vec<DeploymentComparison>, RunError> {
    let live = record
        .live(now)
        .filter(|live| *live.revision != *contract.revision);
    let compare = |live: &gate::Deployment| {
        let deployed = registry.contract(live)?;
        let report = compat::compare(&deployed, contract, CompareOptions::for_day(now.date()));
        Ok(DeploymentComparison::new(live.number, &deployed, report))
    };
    live.map(compare).collect()
}

fn measured(
    args: &VerdictRequest<'_>,
    registry: &GateRegistry,
) -> Result<Option<TrafficMeasurement>, GateError> {
    let Some(url) = &args.verdict_args.prometheus else {
        return Ok(None);
    };
    let prometheus = PrometheusClient::new(url).map_err(GateError::PrometheusUrl)?;
    let measured = registry.block_on(measure(
        &prometheus,
        &args.place.service,
        args.verdict_args.window,
    ))?;
    Ok(Some(measured))
}

/// Announces the deployment to the proxy.
fn open_window(args: &VerdictRequest<'_>, length: &str) -> Result<(), RunError> {
    let client = AdminClient::with_token(&args.verdict_args.change)?;
    let reason = format!("portcullis gate: {}", args.contract);
    client.post(
        &[DEPLOY_WINDOWS, &args.place.service, "open"],
        &json!({"for": length, "reason": reason}),
    )?;
    Ok(())
}

/// Records the deployment; its number, or nothing where somebody else was faster.
fn record(
    args: &VerdictRequest<'_>,
    registry: &GateRegistry,
    found: &mut VersionedRecord,
    content: &RegisteredContract,
    now: UtcTimestamp,
) -> Result<Option<u64>, GateError> {
    let gone = found.record.prune(args.verdict_args.retention, now);
    let committed = registry.write(found, Some(content), &gone)?;
    let number = found.record.deployments.last().map(|last| last.number);
    Ok(number.filter(|_| committed == CommitOutcome::Written))
}

/// Turns a verdict around because somebody else was recorded meanwhile.
fn block_on_conflict(
    verdict: &mut GateVerdict,
    record: &DeploymentRegistry,
    content: &RegisteredContract,
) {
    let message = match record.deployments.last() {
        Some(last) if last.revision == content.revision => {
            format!(
                "{} recorded this revision as deployment {} meanwhile",
                last.by, last.number
            )
        }
        Some(last) => format!(
            "{} recorded {} as deployment {} meanwhile",
            last.by, last.version, last.number
        ),
        None => "somebody else wrote to the registry meanwhile".to_owned(),
    };
    let reason = GateReason::new(GateRule::Conflict, ReasonWeight::Blocks, message);
    verdict.reasons.insert(
        0,
        reason.with_advice("run the gate again: it judges against what is deployed now"),
    );
    verdict.decision = GateDecision::Blocked;
    verdict.recommended_action = GateRule::Conflict.action();
}

/// Figures that a collector does not take change no verdict.
fn export(endpoint: &str, report: &GateReport<'_>, registry: &GateRegistry) {
    let sent = registry.block_on(otlp::send(endpoint, report, SystemTime::now()));
    if let Err(error) = sent {
        print_error(&format!("the figures were not sent: {error}"));
    }
}

fn print_report(
    args: &VerdictRequest<'_>,
    report: &GateReport<'_>,
    registry: &GateRegistry,
    out: &mut ReportWriter,
) -> Result<(), GateError> {
    if let Some(endpoint) = &args.verdict_args.otlp {
        export(endpoint, report, registry);
    }
    match args.verdict_args.format {
        GateFormat::Text => gate_text::print(report, out),
        GateFormat::Json => gate_report::print(report, out),
        GateFormat::Markdown => out.write(gate_markdown::text(report)),
        GateFormat::Github => github::print(report, out)?,
        GateFormat::Junit => gitlab::print_junit(report, out),
        GateFormat::CodeQuality => gitlab::print_code_quality(report, out),
    }
    match &args.verdict_args.metrics_file {
        Some(path) => textfile::write(path, report),
        None => Ok(()),
    }
}
