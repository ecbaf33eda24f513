//! Prints the measures of a source tree.
//!
//! `house [ROOT] [--path PREFIX]`: the table of the tree.
//! `house [ROOT] [--path PREFIX] --worst [--hints]`: the files with the most odd phrases, with
//! their lines; with phrases that are worth a second look, too.

use std::io::{self, Write as _};
use std::path::PathBuf;

use portcullis_tidy::measure::{MeasureOptions, measure, worst_files};
use portcullis_tidy::sources;

fn main() -> io::Result<()> {
    let mut root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut options = MeasureOptions::default();
    let mut is_worst = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--worst" => is_worst = true,
            "--hints" => options.with_hints = true,
            "--path" => options.path_prefix = arguments.next().unwrap_or_default(),
            _ => root = argument.into(),
        }
    }
    let texts = sources::read(&root)?;
    let output = if is_worst {
        worst_files(&texts, &options)
    } else {
        measure(&texts, &options)
    };
    io::stdout().lock().write_all(output.as_bytes())
}
