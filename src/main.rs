//! The `portcullis` binary: parses the arguments and runs the library.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::{self, CliArgs};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(CliArgs::parse())
}
