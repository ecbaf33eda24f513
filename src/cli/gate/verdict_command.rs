//! Decides whether a revision may be deployed, records the deployment and prints the verdict.

use std::time::{Instant, SystemTime};

use serde_json::json;

use crate::source::PrometheusClient;
use portcullis_compat::{ChangeApproval, ContractNames};
use portcullis_config::{FlagOverrides, load, load_catalog};
use portcullis_contract::CompiledContract;
use portcullis_control::gate::{
    self, DeploymentComparison, DeploymentRegistry, GateCase, GateDecision, GateOverride,
    GateVerdict, JudgedObjectives, ReasonWeight, TrafficMeasurement, UtcTimestamp, VendorUse,
};
use portcullis_vocabulary::{Catalog, Squad};

use super::candidate_comparison::CandidateComparison;
use super::candidate_contract::CandidateContracts;
use super::gate_args::{RegistryArgs, VerdictArgs};
use super::gate_context::{actor_name, now};
use super::gate_error::GateError;
use super::gate_migrations::{LeaseHolder, held_lease, judge_for_gate};
use super::gate_registry::{GateRegistry, VersionedRecord};
use super::gate_report::GateReport;
use super::judged_objectives::JudgedDeployment;
use super::prometheus_queries::measure;
use super::record_writer::RecordWriter;
use super::{github_step, otlp, textfile};
use crate::cli::admin_port::{AdminClient, DEPLOY_WINDOWS};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ContractInput, KnownNames, read_approvals};
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::report::{ApprovalTemplate, ReportFormat, print_report, print_templates};
use crate::cli::run_error::RunError;

/// The deployment to decide about.
#[derive(Clone, Copy, Debug)]
pub(super) struct VerdictRequest<'a> {
    registry: &'a RegistryArgs,
    contracts: &'a [String],
    verdict_args: &'a VerdictArgs,
}

impl<'a> VerdictRequest<'a> {
    /// The request of the command line.
    pub(super) fn of(args: &'a VerdictArgs) -> Self {
        let required = "clap requires it if there is no subcommand";
        Self {
            registry: args.registry.as_ref().expect(required),
            contracts: &args.contract,
            verdict_args: args,
        }
    }
}

/// Decides whether a revision may be deployed, and records the deployment with `--record`.
pub(super) fn verdict(
    args: &VerdictRequest<'_>,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let began = Instant::now();
    let (now, options) = (now(), args.verdict_args);
    let catalog = load_catalog(&options.catalog).map_err(GateError::Catalog)?;
    let squad = squad(&catalog, args)?;
    let vendor = vendor_use(args)?;
    let (registry, mut found) = open_registry(args, &catalog, now)?;
    let candidates = CandidateContracts::read(args.contracts, options)?;
    let contract = &candidates.first.compiled;
    let keep = keep_until(args, &found.record, contract, now)?;
    let compared = compare(args, &registry, &found.record, &candidates, now)?;
    let scope = (&catalog, squad, &registry);
    let (judged, measured) = measure_traffic(args, scope, &found.record, contract, now)?;
    let (approvals, of_others) = approvals(args)?;
    let identity = contract.identity();
    let holder = (&*args.registry.service, &*identity.revision);
    let held = |table: &_| held_lease(&registry, table, holder, now);
    let scope = (&catalog, squad, holder.0);
    let migration = judge_for_gate(options, scope, now, &approvals, &held)?;
    let case = GateCase {
        catalog: &catalog,
        squad,
        service: &args.registry.service,
        vendor: vendor.as_ref(),
        candidate: &identity,
        further: &candidates.recorded(),
        record: &found.record,
        comparisons: &compared,
        approvals: &approvals,
        measurement: measured.as_ref(),
        objectives: &judged,
        keep_until: keep,
        migration: migration.as_ref(),
        override_request: override_request(options),
        now,
    };
    let mut verdict = case.judge();
    report_approvals_of_others(&verdict, &of_others, args);
    if options.print_approvals {
        print_templates(missing_approvals(&verdict, &args.registry.service), out);
        out.finish()?;
        return Ok(CommandOutcome::Success);
    }
    let deployment = case.deployment(&verdict, &actor_name(options.by.as_deref()));
    let (mut recorded, is_allowed) = (None, verdict.decision.is_allowed());
    if is_allowed && let Some(length) = &options.open_window {
        open_window(args, length)?;
    }
    if is_allowed && options.record {
        let overridden = verdict.overridden.as_ref();
        let leases = LeaseHolder::of(&deployment, args.registry, options.lease, overridden);
        found.record.deploy(deployment, verdict.base, keep, now);
        let writer = RecordWriter {
            registry: &registry,
            leases: &leases,
            retention: options.retention,
            now,
        };
        recorded = writer.record(&mut found, &candidates, &mut verdict)?;
    }
    let report = GateReport {
        squad: &args.registry.squad,
        service: &args.registry.service,
        candidate: &identity,
        deployed: replaced_version(&compared, &verdict),
        verdict: &verdict,
        recorded,
        measured: measured.as_ref(),
        duration: began.elapsed(),
    };
    Ok(publish(args, &report, &registry, out)?)
}

fn open_registry(
    args: &VerdictRequest<'_>,
    catalog: &Catalog,
    now: UtcTimestamp,
) -> Result<(GateRegistry, VersionedRecord), GateError> {
    let provider = provider(catalog, args)?;
    let RegistryArgs {
        registry, service, ..
    } = args.registry;
    let registry = GateRegistry::open(registry, provider.name.as_str(), service)?
        .moved_by(catalog.transfer_of(service));
    let found = registry.read()?;
    found.record.check_clock(now)?;
    Ok((registry, found))
}

/// How the service is used, if it is a vendor in the configuration that the arguments name.
fn vendor_use(args: &VerdictRequest<'_>) -> Result<Option<VendorUse>, RunError> {
    let Some(path) = &args.verdict_args.config else {
        return Ok(None);
    };
    let config = load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
    let mut services = config.services.iter();
    let service = services.find(|service| service.name == args.registry.service);
    let vendor = service.and_then(|service| service.vendor.as_deref());
    Ok(vendor.map(|vendor| VendorUse {
        used_by: vendor.used_by.clone(),
    }))
}

fn override_request(options: &VerdictArgs) -> Option<GateOverride<'_>> {
    let named = options.overriding.as_deref().zip(options.reason.as_deref());
    named.map(|(name, reason)| GateOverride { name, reason })
}

/// The approvals without which the verdict blocks the deployment.
fn missing_approvals(
    verdict: &GateVerdict,
    service: &str,
) -> impl Iterator<Item = ApprovalTemplate> {
    let blocking = verdict
        .reasons
        .iter()
        .filter(|reason| reason.weight == ReasonWeight::Blocks);
    blocking.flat_map(move |reason| {
        let change = reason.change.iter();
        change.flat_map(move |change| {
            let owners = change.approvals_missing.iter();
            owners.map(move |owner| ApprovalTemplate {
                fingerprint: change.fingerprint.clone(),
                contract: None,
                service: Some(service.to_owned()),
                change: format!("{} [{}]", reason.message, change.rule),
                owner: owner.clone(),
            })
        })
    })
}

/// The approvals that are for this contract, and those for others.
fn approvals(
    args: &VerdictRequest<'_>,
) -> Result<(Vec<ChangeApproval>, Vec<ChangeApproval>), RunError> {
    let Some(path) = &args.verdict_args.approvals else {
        return Ok((Vec::new(), Vec::new()));
    };
    let paths = args.contracts.iter();
    let paths = paths.map(|path| Ok(ContractInput::of(path)?.path_in_repository()));
    let names = ContractNames {
        paths: paths.collect::<Result<_, RunError>>()?,
        service: Some(args.registry.service.clone()),
    };
    let all = read_approvals(path)?.into_iter();
    Ok(all.partition(|approval| names.admit(approval)))
}

/// Warns of approvals with the fingerprint of a change that are for another contract.
fn report_approvals_of_others(
    verdict: &GateVerdict,
    of_others: &[ChangeApproval],
    args: &VerdictRequest<'_>,
) {
    for approval in of_others {
        let mut changes = verdict
            .reasons
            .iter()
            .filter_map(|reason| reason.change.as_ref());
        if !changes.any(|change| change.fingerprint == approval.fingerprint) {
            continue;
        }
        let wanted = [
            ("contract", &approval.contract),
            ("service", &approval.service),
        ];
        let wanted: Vec<String> = wanted
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key} {}", value.as_ref()?)))
            .collect();
        print_error(&format!(
            "the approval at line {} is for {}, not for {} of {}; --print-approvals prints the \
             ones that are missing",
            approval.line,
            wanted.join(", "),
            args.contracts.join(" and "),
            args.registry.service,
        ));
    }
}

/// The version that the deployment replaces.
fn replaced_version(compared: &[DeploymentComparison], verdict: &GateVerdict) -> Option<String> {
    let mut compared = compared.iter();
    let base = compared.find(|compared| Some(compared.number) == verdict.base);
    base.map(|base| base.version.clone())
}

fn squad<'c>(catalog: &'c Catalog, args: &VerdictRequest<'_>) -> Result<&'c Squad, GateError> {
    let name = &args.registry.squad;
    let found = catalog.find(name).and_then(|id| catalog.squad(id));
    found.ok_or_else(|| GateError::Unknown {
        what: "squad",
        name: name.clone(),
        known: KnownNames::instead_of(
            name,
            catalog.squads().iter().map(|squad| squad.name.as_str()),
        ),
        catalog: args.verdict_args.catalog.clone(),
    })
}

fn provider<'c>(catalog: &'c Catalog, args: &VerdictRequest<'_>) -> Result<&'c Squad, GateError> {
    let name = &args.registry.service;
    let services = catalog.squads().iter().flat_map(|squad| &squad.services);
    catalog.provider_of(name).ok_or_else(|| GateError::Unknown {
        what: "service",
        name: name.clone(),
        known: KnownNames::instead_of(name, services.map(String::as_str)),
        catalog: args.verdict_args.catalog.clone(),
    })
}

/// Until when the replaced version stays deployed. `--keep` must name that version.
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
    if until_moment > now {
        Ok(Some(until_moment))
    } else {
        Err(GateError::Until(until.to_string()))
    }
}

fn compare(
    args: &VerdictRequest<'_>,
    registry: &GateRegistry,
    record: &DeploymentRegistry,
    candidates: &CandidateContracts,
    now: UtcTimestamp,
) -> Result<Vec<DeploymentComparison>, RunError> {
    let comparison = CandidateComparison {
        registry,
        candidates,
        levels: &args.verdict_args.levels,
        reading: args.verdict_args.reading.reading(),
        now,
    };
    comparison.with_live(record)
}

/// What the deployment is judged by, and the live traffic if a Prometheus is named.
fn measure_traffic(
    args: &VerdictRequest<'_>,
    (catalog, squad, registry): (&Catalog, &Squad, &GateRegistry),
    record: &DeploymentRegistry,
    contract: &CompiledContract,
    now: UtcTimestamp,
) -> Result<(JudgedObjectives, Option<TrafficMeasurement>), RunError> {
    let judged = JudgedDeployment {
        catalog,
        squad,
        service: &args.registry.service,
        contract,
        registry,
        record,
        now,
    };
    let judged = judged.objectives(args.verdict_args)?;
    let Some(url) = &args.verdict_args.prometheus else {
        return Ok((judged, None));
    };
    let prometheus = PrometheusClient::new(url).map_err(GateError::PrometheusUrl)?;
    let measured = registry.block_on(measure(
        &prometheus,
        &args.registry.service,
        args.verdict_args.window,
        judged.promised.as_ref(),
    ));
    let measured = measured.map_err(GateError::from)?;
    Ok((judged, Some(measured)))
}

/// Opens the deploy window on the proxy.
fn open_window(args: &VerdictRequest<'_>, length: &str) -> Result<(), RunError> {
    let client = AdminClient::with_token(&args.verdict_args.change)?;
    let reason = format!("portcullis gate: {}", args.contracts.join(" and "));
    client.post(
        &[DEPLOY_WINDOWS, &args.registry.service, "open"],
        &json!({"for": length, "reason": reason}),
    )?;
    Ok(())
}

/// Sends the figures to a collector. A failure is reported and does not change the verdict.
fn export(endpoint: &str, report: &GateReport<'_>, registry: &GateRegistry) {
    let sent = registry.block_on(otlp::send(endpoint, report, SystemTime::now()));
    if let Err(error) = sent {
        print_error(&format!("the figures were not sent: {error}"));
    }
}

/// Prints the verdict and exports the figures.
fn publish(
    args: &VerdictRequest<'_>,
    report: &GateReport<'_>,
    registry: &GateRegistry,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, GateError> {
    if let Some(endpoint) = &args.verdict_args.otlp {
        export(endpoint, report, registry);
    }
    let format = args.verdict_args.format;
    print_report(report, format, out);
    if format == ReportFormat::Github {
        github_step::write_step_files(report)?;
    }
    if let Some(path) = &args.verdict_args.metrics_file {
        textfile::write(path, report)?;
    }
    let is_blocked = report.verdict.decision == GateDecision::Blocked;
    Ok(CommandOutcome::finding_unless(!is_blocked))
}
