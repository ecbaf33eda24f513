//! The result of `check` for humans: aligned, at most 100 columns wide, and of bounded length.
//!
//! Many problems of one kind usually have one cause. So only the first few of each kind are shown,
//! with the number of the others; JSON has all of them.

use std::fmt::Write;

use super::check_report::{
    CheckSummary, ContractReport, EnforcementReport, OperationReport, ProblemReport,
};
use crate::cli::output::{ReportWriter, TextStyle, counted, escape_line, text_width, wrap};

/// Columns that a line should fit in.
const WIDTH: usize = 100;
/// The most problems shown of one kind, operations of one contract, files of one contract.
const PROBLEMS_MAX: usize = 10;
const OPERATIONS_MAX: usize = 200;
const FILES_MAX: usize = 8;
/// The widest columns of operations.
const PATH_WIDTH_MAX: usize = 44;
const NAME_WIDTH_MAX: usize = 24;

/// Prints one contract: its identity, its operations and its problems.
pub(super) fn print_contract(out: &mut ReportWriter, contract: &ContractReport) {
    print_facts(out, contract);
    print_operations(out, contract);
    print_problems(out, &contract.problems);
    if let Some(advice) = &contract.advice {
        out.line("");
        for text in wrap(advice, WIDTH - 2) {
            out.line(format_args!("  {text}"));
        }
    }
    out.line("");
}

/// The counts of a run in one line.
pub(super) fn summary_text(summary: CheckSummary) -> String {
    let mut text = format!(
        "{}, {}, {}, {}",
        counted(summary.contracts as u64, "contract"),
        counted(summary.operations as u64, "operation"),
        counted(summary.errors as u64, "error"),
        counted(summary.warnings as u64, "warning"),
    );
    if summary.ignored > 0 {
        let _ = write!(text, ", {} ignored", summary.ignored);
    }
    if summary.unreadable > 0 {
        let _ = write!(
            text,
            ", {} unreadable",
            counted(summary.unreadable as u64, "file")
        );
    }
    text
}

/// Prints the last line.
pub(super) fn print_summary(out: &mut ReportWriter, summary: CheckSummary) {
    let style = match summary {
        CheckSummary {
            errors: 0,
            unreadable: 0,
            warnings: 0,
            ..
        } => TextStyle::Bold,
        CheckSummary {
            errors: 0,
            unreadable: 0,
            ..
        } => TextStyle::Yellow,
        _ => TextStyle::Red,
    };
    let text = out.paint(style, summary_text(summary));
    out.line(text);
}

fn print_facts(out: &mut ReportWriter, contract: &ContractReport) {
    let title = match &*contract.title {
        "" => "(no title)",
        title => title,
    };
    let title = out.paint(
        TextStyle::Bold,
        format!("{title} {}", contract.version).trim().to_owned(),
    );
    out.line(title);
    let mut fact = |label: &str, value: &str| {
        let label = out.paint(TextStyle::Dim, format!("{label:<9}"));
        out.line(format_args!("  {label} {value}"));
    };
    for (index, file) in contract.files.iter().take(FILES_MAX).enumerate() {
        fact(if index == 0 { "file" } else { "" }, file);
    }
    if contract.files.len() > FILES_MAX {
        fact(
            "",
            &format!("… and {} more", contract.files.len() - FILES_MAX),
        );
    }
    fact("revision", &contract.revision);
    if let Some(dialect) = &contract.dialect {
        fact("dialect", &format!("{} {dialect}", contract.family));
    }
    if let Some(provider) = &contract.provider {
        fact("provider", provider);
    }
}

fn print_operations(out: &mut ReportWriter, contract: &ContractReport) {
    let operations = &contract.operations;
    let shown = &operations[..operations.len().min(OPERATIONS_MAX)];
    if shown.is_empty() {
        return;
    }
    out.line("");
    let widest = |width: fn(&OperationReport) -> usize, most| {
        shown.iter().map(width).max().unwrap_or(0).min(most)
    };
    let columns = OperationColumns {
        method: widest(|operation| operation.method.len(), WIDTH),
        path: widest(|operation| text_width(path(operation)), PATH_WIDTH_MAX),
        name: widest(|operation| text_width(name(operation)), NAME_WIDTH_MAX),
    };
    for operation in shown {
        columns.print(out, operation, contract.provider.as_deref());
    }
    if operations.len() > shown.len() {
        let more = operations.len() - shown.len();
        out.line(format_args!(
            "  … and {more} more operations (--format json lists all)"
        ));
    }
}

/// The widths of the columns of operations. A wider cell moves the rest of the row to a new line.
struct OperationColumns {
    method: usize,
    path: usize,
    name: usize,
}

impl OperationColumns {
    fn print(&self, out: &mut ReportWriter, operation: &OperationReport, provider: Option<&str>) {
        let mut row = OperationRow {
            text: String::new(),
            column: 2,
        };
        row.put(2, &operation.method);
        let path_at = 2 + self.method + 2;
        let name_at = path_at + self.path + 2;
        let details_at = name_at + if self.name == 0 { 0 } else { self.name + 2 };
        row.put(path_at, path(operation));
        row.put(name_at, name(operation));
        for line in wrap(&details(operation, provider), WIDTH - details_at) {
            row.put(details_at, &line);
        }
        for base in operation.paths.iter().skip(1) {
            row.put(path_at, base);
        }
        for line in row.text.split('\n') {
            out.line(line);
        }
    }
}

/// A row of columns. A column that begins left of the current position starts a new line.
struct OperationRow {
    text: String,
    column: usize,
}

impl OperationRow {
    fn put(&mut self, at: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        // Only this row breaks its lines.
        let text = &escape_line(text);
        let is_first = self.text.is_empty();
        if !is_first && self.column + 2 > at {
            self.text.push('\n');
            self.column = 0;
        }
        let gap = if is_first { at } else { at - self.column };
        let _ = write!(self.text, "{:gap$}{text}", "");
        self.column = at + text_width(text);
    }
}

fn path(operation: &OperationReport) -> &str {
    operation.paths.first().map_or("", String::as_str)
}

/// The `operationId`. Operations without one are named by method and path, which are shown anyway.
fn name(operation: &OperationReport) -> &str {
    if operation.name.contains(' ') {
        ""
    } else {
        &operation.name
    }
}

/// A summary of parameters, body and statuses. The provider is shown only if it is not that of the
/// contract.
fn details(operation: &OperationReport, contract_provider: Option<&str>) -> String {
    let mut parts = Vec::new();
    let provider = operation
        .provider
        .as_deref()
        .filter(|provider| Some(*provider) != contract_provider);
    parts.extend(provider.map(|provider| format!("provider {provider}")));
    parts.extend(operation.tier.map(str::to_owned));
    if let Some(declared) = &operation.enforcement {
        let EnforcementReport {
            request,
            response,
            unreadable,
        } = declared;
        parts.extend(request.map(|enforcement| format!("requests: {enforcement}")));
        parts.extend(response.map(|enforcement| format!("responses: {enforcement}")));
        parts.extend(unreadable.map(|enforcement| format!("unreadable: {enforcement}")));
    }
    if operation.parameters > 0 {
        parts.push(counted(operation.parameters as u64, "parameter"));
    }
    if let Some(body) = &operation.body {
        let optional = if body.required { "" } else { "optional " };
        parts.push(format!("{optional}{}", body.types.join(" or ")));
    }
    let mut text = parts.join(", ");
    if !operation.statuses.is_empty() {
        let arrow = if text.is_empty() { "→" } else { " →" };
        let _ = write!(text, "{arrow} {}", operation.statuses.join(" "));
    }
    text
}

fn print_problems(out: &mut ReportWriter, problems: &[ProblemReport]) {
    for group in
        problems.chunk_by(|left, right| (left.severity, left.kind) == (right.severity, right.kind))
    {
        out.line("");
        group
            .iter()
            .take(PROBLEMS_MAX)
            .for_each(|problem| print_problem(out, problem));
        if let Some(more) = group
            .len()
            .checked_sub(PROBLEMS_MAX)
            .filter(|more| *more > 0)
        {
            let ProblemReport { severity, kind, .. } = &group[0];
            let text = format!("… and {more} more {severity}s {kind} (--format json lists all)");
            out.line(format_args!("  {text}"));
        }
    }
}

fn print_problem(out: &mut ReportWriter, problem: &ProblemReport) {
    const INDENT: usize = 11;
    let style = if problem.is_error() {
        TextStyle::Red
    } else {
        TextStyle::Yellow
    };
    let severity = out.paint(style, format!("{:<7}", problem.severity));
    let ProblemReport {
        file, line, kind, ..
    } = problem;
    let column = problem.column.map(|column| format!(":{column}"));
    let column = column.unwrap_or_default();
    out.line(format_args!("  {severity}  {file}:{line}{column}  {kind}"));
    for text in wrap(&problem.message, WIDTH - INDENT) {
        out.line(format_args!("{:INDENT$}{text}", ""));
    }
    let pointer = out.paint(TextStyle::Dim, format!("#{}", problem.pointer));
    out.line(format_args!("{:INDENT$}{pointer}", ""));
}
