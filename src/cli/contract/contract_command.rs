//! What `portcullis contract` and `portcullis config` do.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cli::command_line::ReportFormat;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;
use crate::source;

use super::candidate_text::print_candidate;
use super::contract_args::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ContractAction, ContractArgs,
    ListContractsArgs, ShowContractArgs,
};
use super::contract_replies::{
    CandidateStatus, ChangeRefusal, ContractStatus, ContractsReply, ReloadReply,
};
use super::contract_text::{
    print_config, print_contract, print_contracts, print_refused, print_reloaded,
};
use crate::cli::admin_port::admin_client::{AdminClient, ChangeOutcome, DocumentUpload};
use crate::cli::breakers::breakers_args::AdminChangeArgs;
use crate::cli::breakers::breakers_command::print_json;

/// What is at `/contracts`.
const PATH: &str = "contracts";

/// The largest contract that is sent, in bytes: the most that a proxy can be set to take.
const CONTRACT_BYTES_MAX: u64 = 1 << 30;

/// Shows contracts, or changes one.
pub(in crate::cli) fn contract(
    args: &ContractArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let outcome = match &args.action {
        ContractAction::List(args) => list(args, out)?,
        ContractAction::Show(args) => show(args, out)?,
        ContractAction::Reload(args) => change(args, &["reload"], out)?,
        ContractAction::Candidate(args) => match &args.file {
            Some(file) => propose(args, file, out)?,
            None => report(args, out)?,
        },
        ContractAction::Promote(args) => change(args, &["candidate", "promote"], out)?,
        ContractAction::Drop(args) => change(args, &["candidate", "drop"], out)?,
    };
    out.finish()?;
    Ok(outcome)
}

/// Has the configuration read again.
pub(in crate::cli) fn config(
    args: &ConfigArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let ConfigAction::Reload(args) = &args.action;
    let client = AdminClient::with_token(&args.change)?;
    let done = client.change(&["config", "reload"], &json!({}))?;
    let outcome = print_done(&client, done, args.format, out, |out, done| {
        print_config(out, &done);
    })?;
    out.finish()?;
    Ok(outcome)
}

fn list(args: &ListContractsArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let answer = client.get(&[PATH])?;
    let ContractsReply { services } = client.read(&answer)?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => print_contracts(out, &services),
    }
    Ok(finding_unless(services.iter().all(ContractStatus::is_well)))
}

fn show(args: &ShowContractArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let answer = client.get(&[PATH, &args.service])?;
    let contract: ContractStatus = client.read(&answer)?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => print_contract(out, &contract),
    }
    Ok(finding_unless(contract.is_well()))
}

fn change(
    args: &ChangeContractArgs,
    action: &[&str],
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let path = [&[PATH, &args.service], action].concat();
    let done = client.change(&path, &json!({}))?;
    print_reload(&client, done, args.format, out)
}

fn propose(
    args: &CandidateArgs,
    file: &Path,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let bytes = source::read(file, CONTRACT_BYTES_MAX)?;
    let is_json = file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let name = file.file_name().and_then(|name| name.to_str());
    let done = client.send_document(
        &[PATH, &args.service, "candidate"],
        DocumentUpload {
            bytes,
            media_type: match is_json {
                true => "application/json",
                false => "application/yaml",
            },
            name: name.filter(|name| *name != "-"),
        },
    )?;
    print_reload(&client, done, args.format, out)
}

fn report(args: &CandidateArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let AdminChangeArgs { admin, .. } = &args.change;
    let client = AdminClient::new(admin)?;
    let answer = client.get(&[PATH, &args.service, "candidate"])?;
    let candidate: CandidateStatus = client.read(&answer)?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => print_candidate(out, &candidate),
    }
    Ok(finding_unless(candidate.refused == 0))
}

fn print_reload(
    client: &AdminClient,
    done: ChangeOutcome,
    format: ReportFormat,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    print_done(client, done, format, out, |out, reloaded: ReloadReply| {
        print_reloaded(out, &reloaded);
    })
}

/// Prints what a change came to; a refusal is a finding.
fn print_done<T: DeserializeOwned>(
    client: &AdminClient,
    done: ChangeOutcome,
    format: ReportFormat,
    out: &mut ReportWriter,
    print: impl FnOnce(&mut ReportWriter, T),
) -> Result<CommandOutcome, RunError> {
    let (answer, outcome): (Value, CommandOutcome) = match done {
        ChangeOutcome::Changed(answer) => (answer, CommandOutcome::Success),
        ChangeOutcome::Refused(problem) => (problem, CommandOutcome::Finding),
    };
    match (format, outcome) {
        (ReportFormat::Json, _) => print_json(out, &answer),
        (ReportFormat::Text, CommandOutcome::Success) => print(out, client.read(&answer)?),
        (ReportFormat::Text, _) => {
            let refused: ChangeRefusal = client.read(&answer)?;
            print_refused(out, &refused);
        }
    }
    Ok(outcome)
}

fn finding_unless(is_well: bool) -> CommandOutcome {
    match is_well {
        true => CommandOutcome::Success,
        false => CommandOutcome::Finding,
    }
}
