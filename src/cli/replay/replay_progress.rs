//! The progress of a long replay, for a user at a terminal.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the progress is printed.
const PERIOD: Duration = Duration::from_millis(300);
/// The clock is read once for this number of exchanges.
const STRIDE: u64 = 256;

/// A line on standard error that is overwritten, if standard error is a terminal.
#[derive(Debug)]
pub(super) struct ReplayProgress {
    is_shown: bool,
    is_dirty: bool,
    /// The size of all recordings, if it is known.
    bytes_total: Option<u64>,
    bytes: u64,
    exchanges: u64,
    shown: Instant,
}

impl ReplayProgress {
    /// The progress through these recordings. Nothing is shown if verdicts are printed to the
    /// terminal.
    pub(super) fn new(paths: &[PathBuf], prints_verdicts: bool) -> Self {
        let is_busy = prints_verdicts && io::stdout().is_terminal();
        Self {
            is_shown: io::stderr().is_terminal() && !is_busy,
            is_dirty: false,
            bytes_total: paths.iter().map(|path| file_bytes(path)).sum(),
            bytes: 0,
            exchanges: 0,
            shown: Instant::now(),
        }
    }

    /// Counts an exchange of this number of bytes.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.exchanges += 1;
        if self.is_shown && self.exchanges.is_multiple_of(STRIDE) && self.shown.elapsed() >= PERIOD
        {
            self.shown = Instant::now();
            self.is_dirty = true;
            // A closed terminal is not an error.
            let _ = write!(io::stderr().lock(), "\r{}\x1b[K", self.text());
        }
    }

    /// Erases the line, so that something else can be written.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_dirty) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }

    fn text(&self) -> String {
        let Self {
            bytes, exchanges, ..
        } = self;
        let mib = |bytes: u64| bytes / (1 << 20);
        match self.bytes_total {
            Some(total) if total > 0 => {
                let percent = (100 * bytes.min(&total)) / total;
                let (read, total) = (mib(*bytes), mib(total));
                format!("{percent:>3} %  {read} of {total} MiB  {exchanges} exchanges")
            }
            _ => format!("{} MiB  {exchanges} exchanges", mib(*bytes)),
        }
    }
}

/// The size of a file. Standard input and pipes have none.
fn file_bytes(path: &Path) -> Option<u64> {
    let metadata = fs::metadata(path).ok().filter(|_| path != Path::new("-"))?;
    metadata.is_file().then_some(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_the_progress() {
        let check = |bytes_total, bytes, expected: &str| {
            let progress = ReplayProgress {
                bytes_total,
                bytes,
                exchanges: 7,
                ..ReplayProgress::new(&[], true)
            };
            assert_eq!(progress.text(), expected);
        };
        check(Some(4 << 20), 1 << 20, " 25 %  1 of 4 MiB  7 exchanges");
        check(Some(1), 2, "100 %  0 of 0 MiB  7 exchanges");
        check(Some(0), 0, "0 MiB  7 exchanges");
        check(None, 3 << 20, "3 MiB  7 exchanges");
    }
}
