//! `portcullis breakers`: shows them, and sets overrides.

use serde_json::{Value, json};

use super::super::args::ReportFormat;
use super::super::output::Output;
use super::super::run::{Outcome, RunError};
use super::args::{BreakersAction, BreakersArgs, SetArgs};
use super::client::Client;
use super::text::{print_bank, print_changed};
use super::view::{Bank, Breakers, Cell, Changed};

/// Shows the breakers, or sets one.
pub(in crate::cli) fn breakers(args: &BreakersArgs, out: &mut Output) -> Result<Outcome, RunError> {
    match &args.action {
        None => show(args, out),
        Some(BreakersAction::Set(args)) => set(args, out),
    }
}

fn show(args: &BreakersArgs, out: &mut Output) -> Result<Outcome, RunError> {
    let client = Client::new(&args.admin)?;
    let answer = match &args.service {
        Some(service) => json!({"services": [client.get(&["breakers", service])?]}),
        None => client.get(&["breakers"])?,
    };
    let Breakers { services } = client.read(&answer)?;
    match args.format {
        ReportFormat::Json => print_json(out, &answer),
        ReportFormat::Text => {
            for (index, bank) in services.iter().enumerate() {
                if index > 0 {
                    out.line("");
                }
                print_bank(out, bank);
            }
        }
    }
    out.finish()?;
    let all_closed = services.iter().flat_map(Bank::cells).all(Cell::is_closed);
    Ok(match all_closed {
        true => Outcome::Fine,
        false => Outcome::Finding,
    })
}

fn set(args: &SetArgs, out: &mut Output) -> Result<Outcome, RunError> {
    let SetArgs {
        service,
        squad,
        tier,
        over,
        reason,
        change,
    } = args;
    let client = Client::with_token(change)?;
    let path = ["breakers", service, squad];
    let path: Vec<&str> = path.into_iter().chain(tier.as_deref()).collect();
    let answer = client.post(&path, &with_reason("override", over, reason.as_deref()))?;
    let changed: Changed = client.read(&answer)?;
    print_changed(out, &changed);
    out.finish()?;
    Ok(Outcome::Fine)
}

/// An object of a member and, where there is one, a reason.
pub(super) fn with_reason(member: &str, value: &str, reason: Option<&str>) -> Value {
    let mut object = json!({member: value});
    if let Some(reason) = reason {
        object["reason"] = reason.into();
    }
    object
}

/// An answer as it came, for programs.
pub(super) fn print_json(out: &mut Output, answer: &Value) {
    out.line(format_args!("{answer:#}"));
}
