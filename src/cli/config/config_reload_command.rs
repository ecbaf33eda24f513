//! Reloads the configuration and prints what changed.

use serde::Deserialize;
use serde_json::json;

use super::config_args::ConfigReloadArgs;
use crate::cli::admin_port::{AdminClient, print_change, print_problems};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{ReportWriter, TextStyle, counted, one_line};
use crate::cli::run_error::RunError;

/// The response to a reload.
#[derive(Debug, Deserialize)]
struct ConfigReloadReply {
    result: String,
    changed: Vec<String>,
    needs_restart: Vec<String>,
    problems: Vec<String>,
}

/// Reloads the configuration of a running proxy.
pub(super) fn reload(
    args: &ConfigReloadArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::with_token(&args.change)?;
    let change = client.change(&["config", "reload"], &json!({}))?;
    let outcome = print_change(&client, change, args.format, out, |out, reply| {
        print_reload(out, &reply);
    })?;
    out.finish()?;
    Ok(outcome)
}

fn print_reload(out: &mut ReportWriter, reply: &ConfigReloadReply) {
    let ConfigReloadReply {
        result,
        changed,
        needs_restart,
        problems,
    } = reply;
    let result = out.paint(TextStyle::Bold, result).to_string();
    out.line(format_args!(
        "{result}  {}",
        counted(changed.len() as u64, "change")
    ));
    for change in changed {
        out.line(format_args!("  {}", one_line(change)));
    }
    if !needs_restart.is_empty() {
        let text = out.paint(TextStyle::Yellow, "active after a restart:");
        out.line(text);
        for key in needs_restart {
            out.line(format_args!("  {}", one_line(key)));
        }
    }
    print_problems(out, problems);
}
