//! Shows contracts, reloads them, and manages candidates.

use std::path::Path;

use serde_json::json;

use super::candidate_text::print_candidate;
use super::candidate_upload::{CandidateUpload, read_upload};
use super::contract_args::{
    CandidateArgs, ChangeContractArgs, ContractAction, ContractArgs, ListContractsArgs,
    ShowContractArgs,
};
use super::contract_replies::{CandidateStatus, ContractStatus, ContractsReply, ReloadReply};
use super::contract_text::{print_contract, print_contracts, print_reload};
use crate::cli::admin_port::{AdminClient, ChangeOutcome, DocumentUpload, print_change};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, print_error, print_json};
use crate::cli::run_error::RunError;

/// The path of the contracts.
const PATH: &str = "contracts";

/// Shows contracts, or changes one.
pub(crate) fn contract(
    args: &ContractArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let outcome = match &args.action {
        ContractAction::List(args) => list(args, out)?,
        ContractAction::Show(args) => show(args, out)?,
        ContractAction::Reload(args) => change(args, &["reload"], out)?,
        ContractAction::Candidate(args) => match &args.file {
            Some(file) => upload_candidate(args, file, out)?,
            None => show_candidate(args, out)?,
        },
        ContractAction::Promote(args) => change(args, &["candidate", "promote"], out)?,
        ContractAction::Drop(args) => change(args, &["candidate", "drop"], out)?,
    };
    out.finish()?;
    Ok(outcome)
}

fn list(args: &ListContractsArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let reply = client.get(&[PATH])?;
    let ContractsReply { services } = client.deserialize(&reply)?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text => print_contracts(out, &services),
    }
    Ok(CommandOutcome::finding_unless(
        services.iter().all(ContractStatus::is_well),
    ))
}

fn show(args: &ShowContractArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let reply = client.get(&[PATH, &args.service])?;
    let contract: ContractStatus = client.deserialize(&reply)?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text => print_contract(out, &contract),
    }
    Ok(CommandOutcome::finding_unless(contract.is_well()))
}

fn change(
    args: &ChangeContractArgs,
    action: &[&str],
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let path = [&[PATH, &args.service], action].concat();
    let change = client.change(&path, &json!({}))?;
    print_reply(&client, change, args.format, out)
}

fn upload_candidate(
    args: &CandidateArgs,
    file: &Path,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let CandidateUpload {
        bytes,
        media_type,
        missing,
    } = read_upload(file, &args.references.root())?;
    for reason in missing {
        print_error(&format!("not sent: {reason}"));
    }
    let name = file.file_name().and_then(|name| name.to_str());
    let change = client.send_document(
        &[PATH, &args.service, "candidate"],
        DocumentUpload {
            bytes,
            media_type,
            name: name.filter(|name| *name != "-"),
        },
    )?;
    print_reply(&client, change, args.format, out)
}

fn show_candidate(
    args: &CandidateArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.change.admin)?;
    let reply = client.get(&[PATH, &args.service, "candidate"])?;
    let candidate: CandidateStatus = client.deserialize(&reply)?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text => print_candidate(out, &candidate),
    }
    Ok(CommandOutcome::finding_unless(candidate.refused == 0))
}

fn print_reply(
    client: &AdminClient,
    change: ChangeOutcome,
    format: DataFormat,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    print_change(client, change, format, out, |out, reply: ReloadReply| {
        print_reload(out, &reply);
    })
}
