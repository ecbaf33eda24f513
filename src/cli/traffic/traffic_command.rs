//! Asks the admin port for the traffic, and prints it.

use serde_json::json;

use super::traffic_args::TrafficArgs;
use super::traffic_reply::TrafficReply;
use super::traffic_text::print_service;
use crate::cli::admin_port::AdminClient;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, print_json, print_more};
use crate::cli::run_error::RunError;

/// The most services that are listed.
const SERVICES_MAX: usize = 20;

/// Prints the traffic of a running proxy.
pub(crate) fn traffic(
    args: &TrafficArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let reply = match &args.service {
        Some(service) => json!({"services": [client.get(&["traffic", service])?]}),
        None => client.get(&["traffic"])?,
    };
    let TrafficReply { services } = client.deserialize(&reply)?;
    match args.format {
        DataFormat::Json => print_json(out, &reply),
        DataFormat::Text => {
            for (index, service) in services.iter().take(SERVICES_MAX).enumerate() {
                if index > 0 {
                    out.line("");
                }
                print_service(out, service);
            }
            let more = services.len().saturating_sub(SERVICES_MAX);
            print_more(out, more, "services; name one with --service");
        }
    }
    out.finish()?;
    Ok(CommandOutcome::Success)
}
