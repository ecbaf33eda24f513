//! `portcullis breakers`: shows them, and sets overrides.

use serde_json::{Value, json};

use super::breakers_args::{BreakersAction, BreakersArgs, SetBreakerArgs};
use super::breakers_reply::{BreakerStatus, BreakersReply, OverrideReply, ServiceBreakers};
use super::breakers_text::{print_changed, print_service};
use crate::cli::admin_port::admin_client::AdminClient;
use crate::cli::command_line::ReportFormat;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;

/// Shows the breakers, or sets one.
pub(in crate::cli) fn breakers(
    args: &BreakersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.action {
        None => show(args, out),
        Some(BreakersAction::Set(args)) => set(args, out),
    }
}

fn show(args: &BreakersArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let answer = match &args.service {
        Some(service) => json!({"services": [client.get(&["breakers", service])?]}),
        None => client.get(&["breakers"])?,
    };
    let BreakersReply { services } = client.read(&answer)?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => {
            for (index, bank) in services.iter().enumerate() {
                if index > 0 {
                    out.line("");
                }
                print_service(out, bank);
            }
        }
    }
    out.finish()?;
    let all_closed = services
        .iter()
        .flat_map(ServiceBreakers::breakers)
        .all(BreakerStatus::is_closed);
    Ok(match all_closed {
        true => CommandOutcome::Success,
        false => CommandOutcome::Finding,
    })
}

fn set(args: &SetBreakerArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let SetBreakerArgs {
        service,
        squad,
        tier,
        over,
        reason,
        change,
    } = args;
    let client = AdminClient::with_token(change)?;
    let path = ["breakers", service, squad];
    let path: Vec<&str> = path.into_iter().chain(tier.as_deref()).collect();
    let answer = client.post(&path, &with_reason("override", over, reason.as_deref()))?;
    let changed: OverrideReply = client.read(&answer)?;
    print_changed(out, &changed);
    out.finish()?;
    Ok(CommandOutcome::Success)
}

/// An object of a member and, where there is one, a reason.
pub(crate) fn with_reason(member: &str, value: &str, reason: Option<&str>) -> Value {
    let mut object = json!({member: value});
    if let Some(reason) = reason {
        object["reason"] = reason.into();
    }
    object
}

/// An answer as it came, for programs.
pub(crate) fn print_json(out: &mut ReportWriter, answer: &Value) {
    out.line(format_args!("{answer:#}"));
}
