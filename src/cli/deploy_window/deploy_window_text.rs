//! Deploy windows as text for humans.

use super::deploy_window_reply::{OpenWindowStatus, ServiceWindow};
use crate::cli::output::{ReportWriter, text_width, whole_seconds};

/// Prints a line for each service.
pub(super) fn print_windows(out: &mut ReportWriter, windows: &[ServiceWindow]) {
    let widths = windows.iter().map(|window| text_width(&window.service));
    let width = widths.max().unwrap_or(0).max(5);
    for window in windows {
        let state = match (&window.deploy_window, window.was_open) {
            (Some(window), _) => window_text(window),
            (None, Some(true)) => "closed".to_owned(),
            (None, Some(false)) => "was not open".to_owned(),
            (None, None) => "none".to_owned(),
        };
        out.line(format_args!("{:<width$}  {state}", window.service));
    }
}

/// The remaining time of an open window, and its reason.
pub(crate) fn window_text(window: &OpenWindowStatus) -> String {
    let remaining = whole_seconds(window.remaining_seconds);
    match &window.reason {
        Some(reason) => format!("open for another {remaining}: {reason}"),
        None => format!("open for another {remaining}"),
    }
}
