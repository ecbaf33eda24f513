//! `portcullis owners dependencies`: the hosts that services call, compared with those they declare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Flags;
use serde::{Deserialize, Serialize};

use super::called_host_set::CalledHostSet;
use super::measured_dependencies::measure;
use super::owners_error::OwnersError;
use crate::cli::admin_port::{AdminArgs, AdminClient};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, TextStyle, counted, print_json, whole_seconds};
use crate::cli::run_error::RunError;
use portcullis_config::{declared_dependencies, load_catalog_file};
use portcullis_egress::{CallDestination, CatalogEdit, DependencyComparison, ObservedCall};
use portcullis_vocabulary::{CatalogFile, Consumer};

/// The verdict of calls whose addresses are denied, which no catalog allows.
const DENIED: &str = "denied-address";

/// What the pattern of a call of a vendor begins with.
const VENDOR: &str = "vendor:";

/// `portcullis owners dependencies`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners dependencies
  portcullis owners dependencies --prometheus http://prometheus:9090 --window 30d
  portcullis owners dependencies --service orders --format json

The calls are those that passed the forward proxy ([egress]), or were refused there. A proxy knows its
own calls since it started; Prometheus knows those of all proxies. Ports are shown if a proxy is asked
and they are not 80 or 443.

Exit codes: 0 what is called is declared and what is declared is called, 1 they differ, 2 could not
run.")]
pub(super) struct DependenciesArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    catalog: PathBuf,
    /// Only these services
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// The proxy
    #[command(flatten)]
    admin: AdminArgs,
    /// Ask this Prometheus and not a proxy
    #[arg(long, value_name = "URL", conflicts_with = "admin")]
    prometheus: Option<String>,
    /// The time over which Prometheus is asked for calls
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = humantime::parse_duration)]
    window: Duration,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    format: DataFormat,
}

/// The response of `/dependencies`.
#[derive(Debug, Deserialize)]
struct CalledHostsReply {
    is_on: bool,
    since_seconds: f64,
    calls: Vec<CalledHostState>,
    unlisted_calls: u64,
}

#[derive(Debug, Deserialize)]
struct CalledHostState {
    service: String,
    squad: String,
    host: String,
    port: u16,
    pattern: Option<String>,
    verdict: String,
    calls: u64,
}

/// The differences, for programs.
#[derive(Debug, Serialize)]
struct DependencyReport {
    period_seconds: u64,
    services: Vec<ServiceDependencies>,
    without_service: Vec<SquadHost>,
    unlisted_calls: u64,
}

/// What to change for one service.
#[derive(Debug, Serialize)]
struct ServiceDependencies {
    service: String,
    /// Where the catalog declares its hosts.
    location: Option<String>,
    add: Vec<AddedHost>,
    remove: Vec<String>,
    allowed_hosts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AddedHost {
    host: String,
    calls: u64,
}

#[derive(Debug, Serialize)]
struct SquadHost {
    squad: String,
    host: String,
}

/// Prints what to add to the catalog, and what to remove from it.
pub(super) fn print_dependencies(
    args: &DependenciesArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let declared = declared_dependencies(&file.catalog);
    let called = match &args.prometheus {
        Some(url) => measure(url, args.window, &file.catalog)?,
        None => ask_proxy(&args.admin, &file)?,
    };
    let comparison = DependencyComparison::new(&declared, &called.calls, &called.used);
    let only: BTreeSet<&String> = args.service.iter().collect();
    let is_wanted = |service: &String| only.is_empty() || only.contains(service);
    let edits = comparison.edits.into_iter();
    let services = edits.filter(|(service, _)| is_wanted(service));
    let services = services.map(|(service, edit)| ServiceDependencies::of(service, edit, &file));
    let strays = called.without_service.into_iter();
    let report = DependencyReport {
        period_seconds: called.period.as_secs(),
        services: services.collect(),
        without_service: strays
            .filter(|_| only.is_empty())
            .map(|(squad, host)| SquadHost { squad, host })
            .collect(),
        unlisted_calls: called.unlisted,
    };
    match args.format {
        DataFormat::Json => print_json(out, &report),
        DataFormat::Text => report.print(out),
    }
    out.finish()?;
    let differs = !report.services.is_empty() || !report.without_service.is_empty();
    Ok(CommandOutcome::finding_unless(!differs))
}

/// The calls of a running proxy.
fn ask_proxy(admin: &AdminArgs, file: &CatalogFile) -> Result<CalledHostSet, RunError> {
    let client = AdminClient::new(admin)?;
    let reply: CalledHostsReply = client.deserialize(&client.get(&["dependencies"])?)?;
    if !reply.is_on {
        return Err(OwnersError::NoEgress.into());
    }
    let mut called = CalledHostSet {
        unlisted: reply.unlisted_calls,
        period: Duration::from_secs_f64(reply.since_seconds.max(0.0)),
        ..CalledHostSet::default()
    };
    for call in reply.calls {
        add(&mut called, call, file);
    }
    Ok(called)
}

/// Adds what a proxy has recorded.
fn add(called: &mut CalledHostSet, call: CalledHostState, file: &CatalogFile) {
    if call.service == Consumer::UNKNOWN_NAME {
        match call.pattern {
            Some(pattern) => called.use_for_squad(&call.squad, &pattern, &file.catalog),
            None if call.verdict == DENIED => {}
            None => {
                called.without_service.insert((call.squad, call.host));
            }
        }
        return;
    }
    // `vendor.used_by` declares it, in the configuration.
    if call
        .pattern
        .as_ref()
        .is_some_and(|pattern| pattern.starts_with(VENDOR))
    {
        return;
    }
    if let Some(pattern) = call.pattern {
        called.used.insert((call.service.clone(), pattern));
    } else if call.verdict == DENIED {
        return;
    }
    let authority = format!("{}:{}", call.host, call.port);
    // What the proxy has recorded was a destination.
    if let Ok(to) = CallDestination::parse(&authority, call.port) {
        called.calls.push(ObservedCall {
            service: call.service,
            to,
            calls: call.calls,
        });
    }
}

impl ServiceDependencies {
    fn of(service: String, edit: CatalogEdit, file: &CatalogFile) -> Self {
        let location = file.places.allowed_hosts.get(&service);
        let add = edit.add.into_iter();
        Self {
            location: location.map(ToString::to_string),
            add: add.map(|(host, calls)| AddedHost { host, calls }).collect(),
            remove: edit.remove,
            allowed_hosts: edit.result,
            service,
        }
    }
}

impl DependencyReport {
    fn print(&self, out: &mut ReportWriter) {
        let period = whole_seconds(self.period_seconds as f64);
        for of in &self.services {
            let service = out.paint(TextStyle::Bold, &of.service).to_string();
            match &of.location {
                Some(location) => out.line(format_args!("{service} ({location})")),
                None => out.line(format_args!("{service} declares no hosts")),
            }
            for AddedHost { host, calls } in &of.add {
                let calls = counted(*calls, "time");
                out.line(format_args!(
                    "  + {host:?}, called {calls} in the last {period}, is not declared"
                ));
            }
            for host in &of.remove {
                out.line(format_args!(
                    "  - {host:?} is declared and was not called in the last {period}"
                ));
            }
            out.line(format_args!(
                "[services.{}.dependencies]",
                table_name(&of.service)
            ));
            let hosts: Vec<String> = of
                .allowed_hosts
                .iter()
                .map(|host| toml_string(host))
                .collect();
            out.line(format_args!("allowed_hosts = [{}]", hosts.join(", ")));
            out.line("");
        }
        let mut by_squad: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for SquadHost { squad, host } in &self.without_service {
            by_squad.entry(squad).or_default().push(host);
        }
        for (squad, hosts) in by_squad {
            let hosts = hosts.join(", ");
            out.line(format_args!(
                "the squad {squad} called hosts without saying which service calls: {hosts}"
            ));
        }
        if self.unlisted_calls > 0 {
            let calls = counted(self.unlisted_calls, "call");
            out.line(format_args!(
                "{calls} went to hosts that the proxy does not list; Prometheus has more"
            ));
        }
        if self.services.is_empty() && self.without_service.is_empty() {
            out.line(format_args!(
                "what was called in the last {period} is declared, and what is declared was called"
            ));
        }
    }
}

/// The name of a service as a key of TOML.
fn table_name(service: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if service.chars().all(is_bare) {
        service.to_owned()
    } else {
        toml_string(service)
    }
}

/// A string of TOML. A regular expression has backslashes.
fn toml_string(text: &str) -> String {
    if text.contains('\\') && !text.contains('\'') {
        format!("'{text}'")
    } else {
        format!("{text:?}")
    }
}
