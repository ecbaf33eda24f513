//! The counts of a replay as text for humans.

use std::cmp::Reverse;
use std::fmt::Write;

use portcullis_contract::CompiledContract;
use portcullis_vocabulary::enforcement::ViolationClass;

use super::replay_tally::{OperationCounts, ReplayTally};
use crate::cli::output::{ReportWriter, TextStyle, counted, text_width};

/// The most operations that are listed. Those with the most violating exchanges come first.
const OPERATIONS_MAX: usize = 100;
const NAME_WIDTH_MAX: usize = 40;
/// The heading of the first column.
const NAME: &str = "operation";

/// What the summary is about.
#[derive(Clone, Copy)]
pub(super) struct ReplaySummary<'a> {
    pub(super) contract: &'a CompiledContract,
    pub(super) tally: &'a ReplayTally,
    /// Whether violations of a class count, for an operation or for requests without one.
    pub(super) counts: &'a dyn Fn(Option<u32>, ViolationClass) -> bool,
    /// What was not validated, or ignored.
    pub(super) notes: &'a [String],
}

/// The exchanges of one operation, with its name.
struct ReplayRow<'a> {
    id: Option<u32>,
    name: &'a str,
    counts: &'a OperationCounts,
}

impl ReplaySummary<'_> {
    /// Prints the table of operations, examples of each class, and the totals.
    pub(super) fn print(&self, out: &mut ReportWriter) {
        let title = format!("{} {}", self.contract.title, self.contract.version);
        let title = out.paint(TextStyle::Bold, title.trim()).to_string();
        out.line(title);
        let rows = self.rows();
        if !rows.is_empty() {
            self.print_operations(out, &rows);
        }
        for class in ViolationClass::ALL {
            let mut rows = rows.iter();
            let does_count = rows
                .any(|row| row.counts.classes[class.index()] > 0 && (self.counts)(row.id, class));
            self.print_class(out, class, does_count);
        }
        self.print_totals(out);
        for note in self.notes {
            let note = out.paint(TextStyle::Yellow, note).to_string();
            out.line(note);
        }
    }

    /// The operations with exchanges: the most violating first, then in the order of the contract.
    fn rows(&self) -> Vec<ReplayRow<'_>> {
        let operations = (0..).zip(&self.contract.operations);
        let names = operations.map(|(id, operation)| (Some(id), &*operation.name));
        let mut rows: Vec<ReplayRow<'_>> = names
            .chain([(None, "(no operation)")])
            .zip(&self.tally.operations)
            .map(|((id, name), counts)| ReplayRow { id, name, counts })
            .filter(|row| row.counts.exchanges > 0)
            .collect();
        rows.sort_by_key(|row| Reverse(row.counts.violating));
        rows
    }

    fn print_operations(&self, out: &mut ReportWriter, rows: &[ReplayRow<'_>]) {
        let shown = &rows[..rows.len().min(OPERATIONS_MAX)];
        let widest = shown.iter().map(|row| text_width(row.name)).max();
        let width = widest.unwrap_or(0).clamp(NAME.len(), NAME_WIDTH_MAX);
        out.line("");
        let head = format!("  {NAME:<width$}  exchanges  violating  classes");
        let head = out.paint(TextStyle::Dim, head).to_string();
        out.line(head);
        for row in shown {
            let OperationCounts {
                exchanges,
                violating,
                ..
            } = row.counts;
            let (name, classes) = (row.name, self.classes(row));
            let text = format!("  {name:<width$}  {exchanges:>9}  {violating:>9}  {classes}");
            out.line(text.trim_end());
        }
        if rows.len() > shown.len() {
            let more = rows.len() - shown.len();
            out.line(format_args!("  … and {more} more operations"));
        }
    }

    /// The classes of an operation, the most frequent first. Classes that do not count are marked.
    fn classes(&self, row: &ReplayRow<'_>) -> String {
        let mut classes: Vec<(ViolationClass, u64)> = ViolationClass::ALL
            .into_iter()
            .map(|class| (class, row.counts.classes[class.index()]))
            .filter(|(_, count)| *count > 0)
            .collect();
        classes.sort_by_key(|(_, count)| Reverse(*count));
        let words: Vec<String> = classes
            .into_iter()
            .map(|(class, count)| {
                if (self.counts)(row.id, class) {
                    format!("{class} {count}")
                } else {
                    format!("{class} {count} (reported)")
                }
            })
            .collect();
        words.join(", ")
    }

    fn print_class(&self, out: &mut ReportWriter, class: ViolationClass, does_count: bool) {
        let examples = &self.tally.examples[class.index()];
        if examples.is_empty() {
            return;
        }
        let style = if does_count {
            TextStyle::Red
        } else {
            TextStyle::Yellow
        };
        let name = out.paint(style, class).to_string();
        let exchanges = counted(self.tally.of_class(class), "exchange");
        out.line("");
        out.line(format_args!("{name}, {exchanges}"));
        for example in examples {
            out.line(format_args!("  {}  {}", example.place, example.operation));
            out.line(format_args!("    {}", example.sentence));
            if !example.advice.is_empty() {
                let advice = out.paint(TextStyle::Dim, &example.advice).to_string();
                out.line(format_args!("    {advice}"));
            }
        }
    }

    /// The totals in one line.
    pub(super) fn totals(&self) -> String {
        let ReplayTally {
            exchanges,
            violating,
            unreadable,
            bodies_missing,
            operations,
            ..
        } = self.tally;
        let declared = self.contract.operations.len();
        let used = operations.iter().take(declared);
        let used = used.filter(|counts| counts.exchanges > 0).count();
        let mut text = format!(
            "{}, {violating} violating, {used} of {} used",
            counted(*exchanges, "exchange"),
            counted(declared as u64, "operation"),
        );
        if *bodies_missing > 0 {
            let bodies = match bodies_missing {
                1 => "1 body".to_owned(),
                more => format!("{more} bodies"),
            };
            let _ = write!(text, ", {bodies} not recorded");
        }
        if *unreadable > 0 {
            let _ = write!(text, ", {} unreadable", counted(*unreadable, "record"));
        }
        text
    }

    fn print_totals(&self, out: &mut ReportWriter) {
        let style = match (self.tally.unreadable, self.tally.violating) {
            (0, 0) => TextStyle::Bold,
            _ => TextStyle::Red,
        };
        let text = out.paint(style, self.totals()).to_string();
        out.line("");
        out.line(text);
    }
}
