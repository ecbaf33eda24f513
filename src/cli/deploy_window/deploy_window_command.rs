//! `portcullis deploy-window`: opens, closes and lists deploy windows.

use serde_json::json;

use crate::cli::admin_port::admin_client::AdminClient;
use crate::cli::breakers::breakers_args::{
    CloseWindowArgs, DeployWindowAction, DeployWindowArgs, ListWindowsArgs, OpenWindowArgs,
};
use crate::cli::breakers::breakers_command::{print_json, with_reason};
use crate::cli::breakers::breakers_reply::{DeployWindowsReply, ServiceWindow};
use crate::cli::breakers::breakers_text::print_windows;
use crate::cli::command_line::ReportFormat;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;

/// What is at `/deploy-windows`.
pub(in crate::cli) const PATH: &str = "deploy-windows";

/// Opens, closes or lists deploy windows.
pub(in crate::cli) fn deploy_window(
    args: &DeployWindowArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.action {
        DeployWindowAction::Open(args) => open(args, out)?,
        DeployWindowAction::Close(args) => close(args, out)?,
        DeployWindowAction::List(args) => list(args, out)?,
    }
    out.finish()?;
    Ok(CommandOutcome::Success)
}

fn open(args: &OpenWindowArgs, out: &mut ReportWriter) -> Result<(), RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let body = with_reason("for", &args.length, args.reason.as_deref());
    let answer = client.post(&[PATH, &args.service, "open"], &body)?;
    let window: ServiceWindow = client.read(&answer)?;
    print_windows(out, &[window]);
    Ok(())
}

fn close(args: &CloseWindowArgs, out: &mut ReportWriter) -> Result<(), RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let answer = client.post(&[PATH, &args.service, "close"], &json!({}))?;
    let window: ServiceWindow = client.read(&answer)?;
    print_windows(out, &[window]);
    Ok(())
}

fn list(args: &ListWindowsArgs, out: &mut ReportWriter) -> Result<(), RunError> {
    let client = AdminClient::new(&args.admin)?;
    let answer = client.get(&[PATH])?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => {
            let DeployWindowsReply { services } = client.read(&answer)?;
            print_windows(out, &services);
        }
    }
    Ok(())
}
