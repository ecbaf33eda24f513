//! Measures a source tree by the rules of the house.
//!
//! ```text
//! house [ROOT] [--path PREFIX]                     the table of the tree
//! house [ROOT] [--path PREFIX] --worst [--hints]   the files with the most odd phrases, by line
//! house [ROOT] --write-debt [--force]              rewrites the lists of debt, which only shrink
//! ```

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use portcullis_tidy::debt_counts::write_debt;
use portcullis_tidy::file_prose::worst_files;
use portcullis_tidy::house_table::table;
use portcullis_tidy::source_files::read;
use portcullis_tidy::tree_analysis::TreeAnalysis;

fn main() -> ExitCode {
    match run() {
        Ok(output) if io::stdout().lock().write_all(output.as_bytes()).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<String> {
    let mut root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut path_prefix = String::new();
    let mut flags = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--path" => path_prefix = arguments.next().unwrap_or_default(),
            "--worst" | "--hints" | "--write-debt" | "--force" => flags.push(argument),
            flag if flag.starts_with('-') => {
                return Err(io::Error::other(format!("unknown flag {flag}")));
            }
            _ => root = argument.into(),
        }
    }
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let texts = read(&root)?;
    Ok(if has("--write-debt") {
        write_debt(&TreeAnalysis::new(&texts, ""), &root, has("--force"))?
    } else if has("--worst") {
        worst_files(
            &TreeAnalysis::new(&texts, &path_prefix).prose,
            has("--hints"),
        )
    } else {
        table(&TreeAnalysis::new(&texts, &path_prefix))
    })
}
