//! Contracts and their history as text for humans.

use std::fmt::Write;

use super::contract_replies::{ContractStatus, ReloadReply};
use crate::cli::admin_port::print_problems;
use crate::cli::output::{ReportWriter, TextStyle, TextTable, one_line, whole_seconds};

/// How much of a hash is shown, in characters.
const REVISION_CHARS: usize = 12;

/// Stands for a missing value.
const NONE: &str = "-";

/// Prints a line for each service, and the errors below.
pub(super) fn print_contracts(out: &mut ReportWriter, contracts: &[ContractStatus]) {
    let head = [
        "service",
        "state",
        "version",
        "revision",
        "operations",
        "candidate",
        "source",
    ];
    let mut table = TextTable::new(head, &[4]);
    for contract in contracts {
        let candidate = contract.candidate.as_ref();
        table.row([
            contract.service.clone(),
            contract.state().to_owned(),
            or_none(contract.version.as_deref()),
            short(contract.revision.as_deref()),
            contract.operations.to_string(),
            or_none(candidate.map(|candidate| candidate.version.as_str())),
            one_line(&contract.source),
        ]);
    }
    table.print(out, "");
    for contract in contracts {
        if let Some(error) = &contract.last_error {
            let service = out.paint(TextStyle::Red, &contract.service).to_string();
            out.line(format_args!("{service}: {}", one_line(error)));
        }
        for warning in &contract.warnings {
            let service = out.paint(TextStyle::Yellow, &contract.service).to_string();
            out.line(format_args!("{service}: {}", one_line(warning)));
        }
    }
}

/// Prints one service with its history.
pub(super) fn print_contract(out: &mut ReportWriter, contract: &ContractStatus) {
    let ContractStatus { service, title, .. } = contract;
    let service = out.paint(TextStyle::Bold, service).to_string();
    let version = contract.version.as_deref().unwrap_or_default();
    let title = title.as_deref().unwrap_or_default();
    let named = one_line(&format!("{title} {version}"));
    out.line(format!("{service}  {named}").trim_end());
    let mut fact = |label: &str, value: &str| {
        let label = out
            .paint(TextStyle::Dim, format!("{label:<10}"))
            .to_string();
        out.line(format_args!("  {label}  {value}"));
    };
    let mut state = contract.state().to_owned();
    if let Some((since, seconds)) = contract.state_since() {
        // Writing to a string does not fail.
        let _ = write!(state, " since {since}, {}", whole_seconds(seconds));
    }
    fact("state", &state);
    fact("revision", contract.revision.as_deref().unwrap_or(NONE));
    fact("source", &one_line(&contract.source));
    fact("operations", &contract.operations.to_string());
    fact("policy", &contract.policy);
    if let Some(candidate) = &contract.candidate {
        let revision = short(Some(&candidate.revision));
        fact(
            "candidate",
            &one_line(&format!("{} ({revision})", candidate.version)),
        );
    }
    if let Some(error) = &contract.last_error {
        fact("last error", &one_line(error));
    }
    for warning in &contract.warnings {
        fact("warning", &one_line(warning));
    }
    print_history(out, contract);
}

fn print_history(out: &mut ReportWriter, contract: &ContractStatus) {
    if contract.history.is_empty() {
        return;
    }
    let head = [
        "at", "result", "version", "revision", "trigger", "compiled", "why",
    ];
    let mut table = TextTable::new(head, &[5]);
    for entry in &contract.history {
        table.row([
            entry.at.clone(),
            entry.result.clone(),
            or_none(entry.version.as_deref()),
            short(entry.revision.as_deref()),
            entry.trigger.clone(),
            or_none(entry.compile_ms.map(milliseconds).as_deref()),
            one_line(entry.reason.as_deref().unwrap_or_default()),
        ]);
    }
    table.print(out, "  ");
}

/// Prints the result of a change.
pub(super) fn print_reload(out: &mut ReportWriter, reloaded: &ReloadReply) {
    let service = out.paint(TextStyle::Bold, &reloaded.service).to_string();
    let mut line = format!("{service}  {}", reloaded.result);
    // Writing to a string does not fail.
    if let Some(version) = &reloaded.version {
        let _ = write!(line, "  {}", one_line(version));
    }
    if reloaded.revision.is_some() {
        let _ = write!(line, "  {}", short(reloaded.revision.as_deref()));
    }
    if let Some(compile_ms) = reloaded.compile_ms {
        let _ = write!(line, "  compiled in {}", milliseconds(compile_ms));
    }
    out.line(line);
    // The reason may be one of the problems, which are listed.
    if let Some(reason) = &reloaded.reason
        && !reloaded.problems.contains(reason)
    {
        out.line(format_args!("  {}", one_line(reason)));
    }
    print_problems(out, &reloaded.problems);
}

/// The beginning of the hash of a revision.
pub(super) fn short(revision: Option<&str>) -> String {
    let hash = revision.map(|revision| revision.rsplit(':').next().unwrap_or(revision));
    let short = hash.map(|hash| hash.chars().take(REVISION_CHARS).collect());
    short.unwrap_or_else(|| NONE.to_owned())
}

fn or_none(text: Option<&str>) -> String {
    one_line(text.unwrap_or(NONE))
}

fn milliseconds(milliseconds: u64) -> String {
    format!("{milliseconds} ms")
}

#[cfg(test)]
mod tests {
    use super::super::contract_replies::ContractsReply;
    use super::*;
    use crate::cli::output::printed;

    #[test]
    fn prints_a_reason_once() {
        let reloaded = |reason: &str| {
            let reply = serde_json::json!({
                "service": "orders", "result": "unchanged", "version": null, "revision": null,
                "reason": reason, "problems": ["a", "b"], "compile_ms": null
            });
            let reply: ReloadReply = serde_json::from_value(reply).unwrap();
            printed(|out| print_reload(out, &reply))
        };
        assert_eq!(reloaded("a"), "orders  unchanged\n  a\n  b\n");
        assert_eq!(reloaded("c"), "orders  unchanged\n  c\n  a\n  b\n");
    }

    #[test]
    fn prints_contract_texts_on_one_line() {
        let contracts = serde_json::json!({"services": [{
            "service": "orders", "title": "a\u{1b}[2Jb", "version": "1\n2", "revision": "sha256:ab",
            "source": "a\tb", "operations": 1, "in_force": true, "stale": true, "policy": "adopt",
            "last_error": "c\r\nd", "stale_since": "2026-01-02T03:04:05Z", "stale_seconds": 60.0,
            "since": "2026-01-01T00:00:00Z", "since_seconds": 90000.0,
            "warnings": ["no operation\nis reachable"], "history": []
        }]});
        let ContractsReply { services } = serde_json::from_value(contracts).unwrap();
        let expected = "\
service  state  version  revision  operations  candidate  source
orders   stale  1 2      ab                 1  -          a b
orders: c d
orders: no operation is reachable
";
        assert_eq!(printed(|out| print_contracts(out, &services)), expected);
        let shown = printed(|out| print_contract(out, &services[0]));
        assert!(
            shown.starts_with(
                "orders  a [2Jb 1 2\n  state       stale since 2026-01-02T03:04:05Z, 1m\n"
            ),
            "{shown}"
        );
        assert!(
            shown.contains("  warning     no operation is reachable\n"),
            "{shown}"
        );
    }
}
