//! Prints a configuration with all defaults.

use portcullis_config::{EffectiveKey, FlagOverrides, load};
use serde::Serialize;

use super::config_args::ConfigShowArgs;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ConfigArgument, config_path};
use crate::cli::output::{DataFormat, ReportWriter, TextStyle, print_json, text_width};
use crate::cli::run_error::RunError;

/// The widest column of keys and values before the source.
const WIDTH_MAX: usize = 60;

/// One key, for programs.
#[derive(Debug, Serialize)]
struct EffectiveKeyReport {
    /// The dotted key.
    key: String,
    /// The value in TOML.
    value: String,
    /// The line, the variable or the flag; null for a default.
    source: Option<String>,
}

/// Prints every key with its value and source.
pub(super) fn show(
    args: &ConfigShowArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let path = config_path(args.config.as_deref(), ConfigArgument::Positional)?;
    let variables: Vec<_> = std::env::vars_os().collect();
    let config = load(Some(&path), variables, &FlagOverrides::default())?;
    let keys = config.written.keys();
    match args.format {
        DataFormat::Text => print_keys(out, &keys),
        DataFormat::Json => {
            let report = |key: &EffectiveKey| EffectiveKeyReport {
                key: key.path(),
                value: key.value.clone(),
                source: key.source.as_ref().map(ToString::to_string),
            };
            print_json(out, &keys.iter().map(report).collect::<Vec<_>>());
        }
    }
    out.finish()?;
    Ok(CommandOutcome::Success)
}

fn print_keys(out: &mut ReportWriter, keys: &[EffectiveKey]) {
    // What is not shown whole cannot be loaded.
    let text = |key: &EffectiveKey| {
        let mark = if key.is_complete { "" } else { "# " };
        format!("{mark}{} = {}", key.key, key.value)
    };
    let widths = keys.iter().map(|key| text_width(&text(key)));
    let width = widths.filter(|width| *width <= WIDTH_MAX).max();
    let width = width.unwrap_or_default();
    let mut table = "";
    for key in keys {
        if key.table != table {
            out.line("");
            let header = out.paint(TextStyle::Bold, &key.header).to_string();
            out.line(header);
            table = &key.table;
        }
        let source = key.source.as_ref();
        let source = source.map_or_else(|| "default".to_owned(), ToString::to_string);
        let source = out.paint(TextStyle::Dim, format!("# {source}")).to_string();
        out.line(format_args!("{:width$}  {source}", text(key)));
    }
}
