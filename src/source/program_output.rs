//! Running a program for what it prints, within a bound.

use std::io::{self, Read};
use std::process::{Command, Stdio};

/// What came of it.
#[derive(Debug)]
pub(super) enum ProgramOutput {
    /// It ended well, and printed this.
    Bytes(Vec<u8>),
    /// It printed more than it may.
    TooLarge,
    /// It ended otherwise, and said this on standard error.
    Failed(String),
}

/// Runs a program to its end, or until it has printed more than `bytes_max` bytes.
///
/// # Errors
/// When it cannot be run, or its output cannot be read.
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
        // Whatever it still has to say is of no interest.
        let _ = child.kill();
        let _ = child.wait();
        return Ok(ProgramOutput::TooLarge);
    }
    let ended = child.wait_with_output()?;
    if ended.status.success() {
        return Ok(ProgramOutput::Bytes(bytes));
    }
    let message = String::from_utf8_lossy(&ended.stderr);
    let message = message.trim().trim_start_matches("fatal: ").to_owned();
    Ok(ProgramOutput::Failed(message))
}
