//! Text for humans: counts, widths, line breaks, durations.

use std::time::Duration;

use humantime::{FormattedDuration, format_duration};
use serde::Serialize;

use super::report_writer::ReportWriter;

/// A count with its noun, such as `1 error` or `2 errors`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The number of characters, which are taken as the columns on a terminal.
pub(crate) fn text_width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks text at spaces into lines of at most `width` characters. A longer word is not broken.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line) + 1 + text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The first `chars_max` characters, with an ellipsis if there are more.
pub(crate) fn shorten(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Replaces line breaks and other control characters, which could manipulate a terminal.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(char::is_control).filter(|part| !part.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A duration in whole seconds, rounded up so that remaining time is never shown as zero.
pub(crate) fn whole_seconds(seconds: f64) -> FormattedDuration {
    // The cast saturates; NaN becomes 0.
    format_duration(Duration::from_secs(seconds.ceil() as u64))
}

/// Says how many entries of a list were not printed.
pub(crate) fn print_more(out: &mut ReportWriter, more: usize, what: &str) {
    if more > 0 {
        out.line(format_args!(
            "  … and {more} more {what} (--format json lists all)"
        ));
    }
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(out: &mut ReportWriter, value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("reports have no keys but strings");
    out.write(&text);
    out.line("");
}
