//! The traffic of one service as text: its operations, and its callers.

use std::cmp::Reverse;

use super::traffic_reply::{CallerTraffic, OperationTraffic, RecentServiceCalls, ServiceTraffic};
use crate::cli::output::{
    ReportWriter, TextStyle, TextTable, counted, print_more, shorten, whole_seconds,
};

/// The most operations and callers of one service that are listed.
const ROWS_MAX: usize = 10;

/// The most callers that are named with an operation.
const CALLERS_NAMED_MAX: usize = 3;

/// The most characters of a name.
const NAME_CHARS_MAX: usize = 40;

/// Prints the operations with most calls, and the squads that call most.
pub(super) fn print_service(out: &mut ReportWriter, service: &ServiceTraffic) {
    let title = out.paint(TextStyle::Bold, &service.service).to_string();
    let provider = service.provider.as_deref().unwrap_or("no provider");
    out.line(format_args!(
        "{title}  {provider}  {} in {}, now {}",
        counted(service.requests, "request"),
        whole_seconds(service.since_seconds),
        rate(service.recent.requests, service.recent.seconds)
    ));
    if !service.operations.is_empty() {
        print_operations(out, &service.operations);
        print_callers(out, &service.consumers, &service.recent);
    }
    if !service.uncalled.is_empty() {
        let names: Vec<&str> = service.uncalled.iter().map(String::as_str).collect();
        let shown = names[..names.len().min(ROWS_MAX)].join(", ");
        let more = match names.len().saturating_sub(ROWS_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        out.line(format_args!("  never called: {shown}{more}"));
    }
}

fn print_operations(out: &mut ReportWriter, operations: &[OperationTraffic]) {
    let mut sorted: Vec<&OperationTraffic> = operations.iter().collect();
    sorted.sort_by_key(|operation| Reverse(operation.requests));
    let head = [
        "operation",
        "requests",
        "violations",
        "refused",
        "failed",
        "callers",
    ];
    let mut table = TextTable::new(head, &[1, 2, 3, 4]);
    for operation in sorted.iter().take(ROWS_MAX) {
        table.row([
            shorten(&operation.operation, NAME_CHARS_MAX),
            operation.requests.to_string(),
            operation.departed.to_string(),
            operation.outcomes.refusals().to_string(),
            operation.outcomes.failures().to_string(),
            callers(&operation.consumers),
        ]);
    }
    table.print(out, "  ");
    print_more(out, sorted.len().saturating_sub(ROWS_MAX), "operations");
}

fn print_callers(out: &mut ReportWriter, callers: &[CallerTraffic], recent: &RecentServiceCalls) {
    let mut sorted: Vec<&CallerTraffic> = callers.iter().collect();
    sorted.sort_by_key(|caller| Reverse(caller.requests));
    let head = [
        "caller",
        "requests",
        "violations",
        "refused",
        "failed",
        "now",
    ];
    let mut table = TextTable::new(head, &[1, 2, 3, 4]);
    for caller in sorted.iter().take(ROWS_MAX) {
        let now = recent
            .consumers
            .iter()
            .find(|calls| calls.squad == caller.squad);
        table.row([
            shorten(&caller.squad, NAME_CHARS_MAX),
            caller.requests.to_string(),
            caller.departed.to_string(),
            caller.outcomes.refusals().to_string(),
            caller.outcomes.failures().to_string(),
            rate(now.map_or(0, |calls| calls.requests), recent.seconds),
        ]);
    }
    table.print(out, "  ");
    print_more(out, sorted.len().saturating_sub(ROWS_MAX), "callers");
}

/// The squads that call most.
fn callers(callers: &[CallerTraffic]) -> String {
    let mut sorted: Vec<&CallerTraffic> = callers.iter().collect();
    sorted.sort_by_key(|caller| Reverse(caller.requests));
    let names = sorted.iter().take(CALLERS_NAMED_MAX);
    let names: Vec<String> = names
        .map(|caller| shorten(&caller.squad, NAME_CHARS_MAX))
        .collect();
    match sorted.len().saturating_sub(CALLERS_NAMED_MAX) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Requests per second.
fn rate(requests: u64, seconds: u64) -> String {
    format!("{:.1}/s", requests as f64 / seconds.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_no_division_by_zero() {
        assert_eq!(rate(0, 0), "0.0/s");
        assert_eq!(rate(123, 10), "12.3/s");
    }
}
