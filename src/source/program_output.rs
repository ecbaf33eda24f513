//! Runs a program and reads its output up to a size limit.

use std::io::{self, Read};
use std::process::{Command, Stdio};

/// The result of a run.
#[derive(Debug)]
pub(super) enum ProgramOutput {
    /// The program succeeded with this output.
    Bytes(Vec<u8>),
    /// The output is larger than the limit.
    TooLarge,
    /// The program failed with this text on standard error.
    Failed(String),
}

/// Runs a program to its end, or until it has printed more than `bytes_max` bytes.
///
/// # Errors
/// The program cannot be run, or its output cannot be read.
pub(super) fn run(command: &mut Command, bytes_max: u64) -> io::Result<ProgramOutput> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut bytes = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(bytes_max + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > bytes_max {
        let _ = child.kill();
        let _ = child.wait();
        return Ok(ProgramOutput::TooLarge);
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(ProgramOutput::Bytes(bytes));
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.trim().trim_start_matches("fatal: ").to_owned();
    Ok(ProgramOutput::Failed(message))
}
