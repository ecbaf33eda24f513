//! Opens, closes or lists deploy windows.

use serde_json::json;

use super::deploy_window_args::{
    CloseWindowArgs, DeployWindowAction, DeployWindowArgs, ListWindowsArgs, OpenWindowArgs,
};
use super::deploy_window_reply::{DeployWindowsReply, ServiceWindow};
use super::deploy_window_text::print_windows;
use crate::cli::admin_port::{AdminClient, DEPLOY_WINDOWS, body_with_reason};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, print_json};
use crate::cli::run_error::RunError;

/// Opens, closes or lists deploy windows.
pub(crate) fn deploy_window(
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
    let body = body_with_reason("for", &args.length, args.reason.as_deref());
    let reply = client.post(&[DEPLOY_WINDOWS, &args.service, "open"], &body)?;
    let window: ServiceWindow = client.deserialize(&reply)?;
    print_windows(out, &[window]);
    Ok(())
}

fn close(args: &CloseWindowArgs, out: &mut ReportWriter) -> Result<(), RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let reply = client.post(&[DEPLOY_WINDOWS, &args.service, "close"], &json!({}))?;
    let window: ServiceWindow = client.deserialize(&reply)?;
    print_windows(out, &[window]);
    Ok(())
}

fn list(args: &ListWindowsArgs, out: &mut ReportWriter) -> Result<(), RunError> {
    let client = AdminClient::new(&args.admin)?;
    let reply = client.get(&[DEPLOY_WINDOWS])?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text => {
            let DeployWindowsReply { services } = client.deserialize(&reply)?;
            print_windows(out, &services);
        }
    }
    Ok(())
}
