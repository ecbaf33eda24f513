//! `portcullis owners deprecations`: who still calls operations that end.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args as Flags;
use serde::{Deserialize, Serialize};

use crate::cli::admin_port::{AdminArgs, AdminClient};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, TextStyle, counted, print_json, whole_seconds};
use crate::cli::run_error::RunError;

/// `portcullis owners deprecations`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners deprecations
  portcullis owners deprecations --squad checkout
  portcullis owners deprecations --format json | jq -r '.squads[] | [.squad, .chat] | @tsv'

One message for each squad that called a deprecated operation since the proxy started, ready to be
sent. Each replica of a proxy knows its own calls; the metric portcullis_deprecated_requests_total
has those of all.

Exit codes: 0 no squad calls a deprecated operation, 1 some do, 2 could not run.")]
pub(super) struct DeprecationsArgs {
    /// Only the messages to these squads
    #[arg(long, value_name = "SQUAD")]
    squad: Vec<String>,
    /// The proxy
    #[command(flatten)]
    admin: AdminArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    format: DataFormat,
}

/// The response of `/deprecations`.
#[derive(Debug, Deserialize)]
struct DeprecationStates {
    operations: Vec<DeprecationState>,
}

#[derive(Debug, Deserialize)]
struct DeprecationState {
    service: String,
    provider: Option<String>,
    operation: String,
    sunset: Option<String>,
    has_ended: bool,
    successor: Option<String>,
    since_seconds: f64,
    callers: Vec<DeprecationCaller>,
}

#[derive(Debug, Deserialize)]
struct DeprecationCaller {
    squad: String,
    requests: u64,
    #[serde(default)]
    versions: Vec<CallerVersion>,
    last_at: Option<String>,
}

/// The requests of one version of a caller.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct CallerVersion {
    version: String,
    requests: u64,
}

/// What `/owners` says about squads.
#[derive(Debug, Deserialize)]
struct SquadContacts {
    squads: Vec<SquadContactState>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct SquadContactState {
    squad: String,
    email: Option<String>,
    chat: Option<String>,
    oncall: Option<String>,
}

/// The deprecated operations that squads call, for programs.
#[derive(Debug, Serialize)]
struct DeprecationReport {
    squads: Vec<SquadDeprecations>,
    /// Deprecated operations without a caller.
    uncalled: Vec<UncalledOperation>,
}

/// The deprecated operations that one squad calls.
#[derive(Debug, Serialize)]
struct SquadDeprecations {
    squad: String,
    email: Option<String>,
    chat: Option<String>,
    calls: Vec<DeprecatedCalls>,
}

/// The calls of one squad to one deprecated operation.
#[derive(Debug, Serialize)]
struct DeprecatedCalls {
    service: String,
    operation: String,
    sunset: Option<String>,
    has_ended: bool,
    successor: Option<String>,
    /// The squad that provides the service, and how to reach it.
    provider: Option<String>,
    provider_contact: Option<String>,
    requests: u64,
    /// The versions that the requests named in `x-service-version`.
    versions: Vec<CallerVersion>,
    /// The time over which requests were counted.
    since_seconds: f64,
    last_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct UncalledOperation {
    service: String,
    operation: String,
    sunset: Option<String>,
}

/// Prints a message for each squad that calls deprecated operations.
pub(super) fn print_deprecations(
    args: &DeprecationsArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let client = AdminClient::new(&args.admin)?;
    let states: DeprecationStates = client.deserialize(&client.get(&["deprecations"])?)?;
    let contacts: SquadContacts = client.deserialize(&client.get(&["owners"])?)?;
    let mut report = DeprecationReport::new(states, contacts);
    let squads: BTreeSet<&String> = args.squad.iter().collect();
    report
        .squads
        .retain(|of| squads.is_empty() || squads.contains(&of.squad));
    match args.format {
        DataFormat::Json => print_json(out, &report),
        DataFormat::Text => report.print(out, !args.squad.is_empty()),
    }
    out.finish()?;
    Ok(CommandOutcome::finding_unless(report.squads.is_empty()))
}

impl DeprecationReport {
    fn new(states: DeprecationStates, contacts: SquadContacts) -> Self {
        let contacts = contacts.squads.into_iter();
        let contacts: BTreeMap<String, SquadContactState> =
            contacts.map(|of| (of.squad.clone(), of)).collect();
        let mut squads = BTreeMap::<String, Vec<DeprecatedCalls>>::new();
        let mut uncalled = Vec::new();
        for state in states.operations {
            if state.callers.is_empty() {
                uncalled.push(UncalledOperation {
                    service: state.service,
                    operation: state.operation,
                    sunset: state.sunset,
                });
                continue;
            }
            let provider = state.provider.as_ref().and_then(|name| contacts.get(name));
            for caller in &state.callers {
                let calls = DeprecatedCalls::of(&state, caller, provider);
                squads.entry(caller.squad.clone()).or_default().push(calls);
            }
        }
        let squads = squads.into_iter().map(|(squad, calls)| {
            let contact = contacts.get(&squad).cloned().unwrap_or_default();
            SquadDeprecations {
                squad,
                email: contact.email,
                chat: contact.chat,
                calls,
            }
        });
        Self {
            squads: squads.collect(),
            uncalled,
        }
    }

    fn print(&self, out: &mut ReportWriter, is_filtered: bool) {
        for of in &self.squads {
            let contacts = [&of.chat, &of.email].into_iter().flatten();
            let contacts: Vec<&str> = contacts.map(String::as_str).collect();
            let squad = out.paint(TextStyle::Bold, &of.squad).to_string();
            match &contacts[..] {
                [] => out.line(format_args!("To {squad}")),
                contacts => out.line(format_args!("To {squad} ({})", contacts.join(", "))),
            }
            for calls in &of.calls {
                out.line(format_args!("- {}", calls.sentence()));
            }
            out.line("");
        }
        for operation in &self.uncalled {
            out.line(format_args!(
                "{} of {} is deprecated and was not called",
                operation.operation, operation.service
            ));
        }
        if self.squads.is_empty() {
            let by = if is_filtered { " by these squads" } else { "" };
            out.line(format_args!("no deprecated operation was called{by}"));
        }
    }
}

impl DeprecatedCalls {
    fn of(
        state: &DeprecationState,
        caller: &DeprecationCaller,
        provider: Option<&SquadContactState>,
    ) -> Self {
        let contact = provider.and_then(|of| {
            let ways = [&of.chat, &of.email, &of.oncall];
            ways.into_iter().flatten().next().cloned()
        });
        Self {
            service: state.service.clone(),
            operation: state.operation.clone(),
            sunset: state.sunset.clone(),
            has_ended: state.has_ended,
            successor: state.successor.clone(),
            provider: state.provider.clone(),
            provider_contact: contact,
            requests: caller.requests,
            versions: caller.versions.clone(),
            since_seconds: state.since_seconds,
            last_at: caller.last_at.clone(),
        }
    }

    fn sentence(&self) -> String {
        let Self {
            service, operation, ..
        } = self;
        let end = match &self.sunset {
            Some(sunset) if self.has_ended => format!("ended on {sunset}"),
            Some(sunset) => format!("is deprecated and ends on {sunset}"),
            None => "is deprecated".to_owned(),
        };
        let requests = counted(self.requests, "request");
        let period = whole_seconds(self.since_seconds);
        let mut text =
            format!("{operation} of {service} {end}. You sent {requests} in the last {period}");
        if !self.versions.is_empty() {
            let versions = self.versions.iter();
            let versions = versions.map(|of| format!("{}: {}", of.version, of.requests));
            let versions: Vec<_> = versions.collect();
            text += &format!(" (by version {})", versions.join(", "));
        }
        if let Some(last) = &self.last_at {
            text += &format!(", the last at {last}");
        }
        text.push('.');
        if let Some(successor) = &self.successor {
            text += &format!(" Call {successor} instead.");
        }
        match (&self.provider, &self.provider_contact) {
            (Some(provider), Some(contact)) => text += &format!(" Ask {provider} ({contact})."),
            (Some(provider), None) => text += &format!(" Ask {provider}."),
            (None, _) => {}
        }
        text
    }
}
