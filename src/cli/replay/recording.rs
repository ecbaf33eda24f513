//! Opens recordings, detects their format and reads them line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use memchr::memchr;

use portcullis_vocabulary::limits::{TRAFFIC_ARCHIVE_BYTES_MAX, TRAFFIC_LINE_BYTES_MAX};

/// How much of a recording is read to detect its format, in bytes.
const DETECTION_BYTES: u64 = 256;
const BUFFER_BYTES: usize = 128 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a recording cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordingError {
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{}: an archive of more than {TRAFFIC_ARCHIVE_BYTES_MAX} bytes; record that much as JSON \
         Lines, which are read one at a time",
        path.display()
    )]
    TooLarge { path: PathBuf },
}

/// An open recording.
pub(super) enum Recording {
    /// The text of an HTTP Archive.
    Archive(Vec<u8>),
    /// JSON Lines.
    Lines(RecordingLines),
}

/// Opens a recording; `-` is standard input. It is an archive if its name ends in `.har` or its text
/// begins like one. All others are JSON Lines.
pub(super) fn open(path: &Path) -> Result<Recording, RecordingError> {
    let io_error = |source| RecordingError::Io {
        path: path.to_owned(),
        source,
    };
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(io_error)?)
    };
    let mut first = Vec::new();
    let read = source
        .by_ref()
        .take(DETECTION_BYTES)
        .read_to_end(&mut first);
    read.map_err(io_error)?;
    let is_named = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("har"));
    if !is_named && !begins_like_archive(&first) {
        return Ok(Recording::Lines(RecordingLines::new(
            Cursor::new(first).chain(source),
        )));
    }
    let left = (TRAFFIC_ARCHIVE_BYTES_MAX - first.len()) as u64;
    let read = source.take(left + 1).read_to_end(&mut first);
    read.map_err(io_error)?;
    if first.len() > TRAFFIC_ARCHIVE_BYTES_MAX {
        let path = path.to_owned();
        return Err(RecordingError::TooLarge { path });
    }
    Ok(Recording::Archive(first))
}

/// Whether the first property is `log`, the only property at the root of a HAR document.
fn begins_like_archive(first: &[u8]) -> bool {
    let first = first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first);
    let object = first.trim_ascii_start().strip_prefix(b"{");
    object.is_some_and(|text| text.trim_ascii_start().starts_with(b"\"log\""))
}

/// The lines of a recording, one at a time.
pub(super) struct RecordingLines {
    source: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: u64,
    bytes_max: usize,
}

/// A line that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordingLine<'a> {
    /// The line number, from 1.
    pub(super) number: u64,
    /// Its length in the recording, with the line break.
    pub(super) bytes: u64,
    /// The text without the line break. `None` if the line is too long.
    pub(super) text: Option<&'a [u8]>,
}

impl RecordingLines {
    fn new(source: impl Read + 'static) -> Self {
        Self {
            source: BufReader::with_capacity(BUFFER_BYTES, Box::new(source)),
            line: Vec::new(),
            number: 0,
            bytes_max: TRAFFIC_LINE_BYTES_MAX,
        }
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Option<RecordingLine<'_>>> {
        loop {
            self.line.clear();
            let most = self.bytes_max as u64 + 1;
            let bytes = (&mut self.source)
                .take(most)
                .read_until(b'\n', &mut self.line)?;
            if bytes == 0 {
                return Ok(None);
            }
            self.number += 1;
            if bytes as u64 == most && self.line.last() != Some(&b'\n') {
                let skipped = self.skip_line()?;
                return Ok(Some(RecordingLine {
                    number: self.number,
                    bytes: bytes as u64 + skipped,
                    text: None,
                }));
            }
            if !self.text().trim_ascii().is_empty() {
                return Ok(Some(RecordingLine {
                    number: self.number,
                    bytes: bytes as u64,
                    text: Some(self.text()),
                }));
            }
        }
    }

    fn text(&self) -> &[u8] {
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        match self.number {
            1 => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            _ => text,
        }
    }

    /// Skips the rest of a line.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let buffer = self.source.fill_buf()?;
            let end = memchr(b'\n', buffer);
            let taken = end.map_or(buffer.len(), |at| at + 1);
            self.source.consume(taken);
            skipped += taken as u64;
            if end.is_some() || taken == 0 {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lines_and_skips_long_ones() {
        let check = |text: &'static str, expected: &[(u64, Option<&str>)]| {
            let mut lines = RecordingLines::new(text.as_bytes());
            lines.bytes_max = 4;
            let mut found = Vec::new();
            let mut bytes = 0;
            while let Some(line) = lines.next().unwrap() {
                let text = line
                    .text
                    .map(|text| String::from_utf8(text.to_vec()).unwrap());
                found.push((line.number, text));
                bytes += line.bytes;
            }
            let found: Vec<(u64, Option<&str>)> = found
                .iter()
                .map(|(number, text)| (*number, text.as_deref()))
                .collect();
            assert_eq!(found, expected, "{text:?}");
            assert!(bytes <= text.len() as u64);
        };
        check("", &[]);
        check("\n \r\n\n", &[]);
        check(
            "a\n\nb\r\nc",
            &[(1, Some("a")), (3, Some("b\r")), (4, Some("c"))],
        );
        check("abcd\nab", &[(1, Some("abcd")), (2, Some("ab"))]);
        check("abcde\nab\n", &[(1, None), (2, Some("ab"))]);
        check("ab\nabcdefghij", &[(1, Some("ab")), (2, None)]);
        check("\u{feff}a\n", &[(1, Some("a"))]);
    }

    #[test]
    fn detects_archives_by_their_beginning() {
        let check = |text: &str, expected| {
            assert_eq!(begins_like_archive(text.as_bytes()), expected, "{text}");
        };
        check("{\"log\":{}}", true);
        check("\u{feff} {\r\n  \"log\" : {", true);
        check("{\"request\": {}}", false);
        check("[]", false);
        check("", false);
    }
}
