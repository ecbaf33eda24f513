//! The `portcullis` binary: parses the arguments and runs the library.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::{self, CliArgs};
use portcullis_allocator as _;

fn main() -> ExitCode {
    cli::run(CliArgs::parse())
}
