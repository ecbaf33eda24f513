//! Shows circuit breakers, or overrides one.

use serde_json::{Value, json};

use super::breakers_args::{BreakersAction, BreakersArgs, SetBreakerArgs};
use super::breakers_reply::{BreakerStatus, BreakersReply, OverrideReply, ServiceBreakers};
use super::breakers_text::{print_changed, print_service};
use crate::cli::admin_port::{AdminClient, body_with_reason};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, print_json};
use crate::cli::run_error::RunError;

/// Shows the breakers, or overrides one.
pub(crate) fn breakers(
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
    let mut reply = match &args.service {
        Some(service) => json!({"services": [client.get(&["breakers", service])?]}),
        None => client.get(&["breakers"])?,
    };
    if args.open {
        keep_open(&mut reply);
    }
    let BreakersReply { services } = client.deserialize(&reply)?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text if args.open && services.is_empty() => out.line("all breakers are closed"),
        DataFormat::Text => {
            for (index, service) in services.iter().enumerate() {
                if index > 0 {
                    out.line("");
                }
                print_service(out, service);
            }
        }
    }
    out.finish()?;
    let all_pass = services
        .iter()
        .flat_map(ServiceBreakers::breakers)
        .all(BreakerStatus::refuses_nothing);
    Ok(CommandOutcome::finding_unless(all_pass))
}

/// Leaves the breakers that are not closed, and the services that have some.
fn keep_open(reply: &mut Value) {
    let is_open = |breaker: &Value| breaker["state"] != "closed";
    let Some(services) = reply["services"].as_array_mut() else {
        return;
    };
    services.retain_mut(|service| {
        let squads = service["squads"].as_array_mut();
        let has_open = squads.is_some_and(|squads| {
            squads.retain(is_open);
            !squads.is_empty()
        });
        has_open || is_open(&service["everybody"])
    });
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
    let body = body_with_reason("override", over, reason.as_deref());
    let reply = client.post(&path, &body)?;
    let changed: OverrideReply = client.deserialize(&reply)?;
    print_changed(out, &changed);
    out.finish()?;
    Ok(CommandOutcome::Success)
}
