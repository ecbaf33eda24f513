//! Opens recordings, detects their format and reads them line by line. Compressed ones are recognised
//! by their first bytes and decompressed while they are read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use memchr::memchr;

use portcullis_vocabulary::limits::{
    TRAFFIC_ARCHIVE_BYTES_MAX, TRAFFIC_LINE_BYTES_MAX, TRAFFIC_RATIO_MAX,
};

/// How much of a recording is read to detect its format, in bytes.
const DETECTION_BYTES: u64 = 256;
const BUFFER_BYTES: usize = 128 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The first bytes of gzip (RFC 1952 section 2.3.1).
const GZIP: &[u8] = b"\x1F\x8B";
/// The first bytes of formats that are not read, with what to do.
const UNREAD_FORMATS: [(&[u8], &str); 4] = [
    (
        b"PK\x03\x04",
        "a zip archive; unpack it, and name the recording in it",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "compressed with zstd; pipe it in with `zstd -dc FILE |` and name it -",
    ),
    (
        b"\xFD7zXZ",
        "compressed with xz; pipe it in with `xz -dc FILE |` and name it -",
    ),
    (
        b"BZh",
        "compressed with bzip2; pipe it in with `bzip2 -dc FILE |` and name it -",
    ),
];

/// Why a recording cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordingError {
    #[error("{}: {source}; check the path and its permissions", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{}: cannot be decompressed: {source}; copy it again, or pipe it in with \
         `gzip -dc FILE |` and name it -",
        path.display()
    )]
    Gzip { path: PathBuf, source: io::Error },
    #[error("{}: {advice}", path.display())]
    UnreadFormat { path: PathBuf, advice: &'static str },
    #[error(
        "{}: an archive of more than {TRAFFIC_ARCHIVE_BYTES_MAX} bytes; record that much as JSON \
         Lines, which are read one at a time",
        path.display()
    )]
    TooLarge { path: PathBuf },
}

impl RecordingError {
    /// The error of reading a recording. Those of the decoder have no code of the operating system.
    pub(super) fn of_read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.raw_os_error() {
            None => Self::Gzip { path, source },
            Some(_) => Self::Io { path, source },
        }
    }
}

/// An open recording.
pub(super) enum Recording {
    /// The text of an HTTP Archive.
    Archive(Vec<u8>),
    /// JSON Lines.
    Lines(RecordingLines),
}

/// Opens a recording; `-` is standard input. It is an archive if its name ends in `.har` or `.har.gz`
/// or its text begins like one. All others are JSON Lines.
pub(super) fn open(path: &Path) -> Result<Recording, RecordingError> {
    let io_error = |source| RecordingError::Io {
        path: path.to_owned(),
        source,
    };
    let read_error = |source| RecordingError::of_read(path, source);
    let file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(io_error)?)
    };
    let count = Rc::<Cell<u64>>::default();
    let counted = CountedSource {
        source: file,
        count: Rc::clone(&count),
    };
    let (first, source) = peek(counted).map_err(io_error)?;
    let unread = UNREAD_FORMATS.iter();
    if let Some((_, advice)) = unread.clone().find(|(magic, _)| first.starts_with(magic)) {
        let path = path.to_owned();
        return Err(RecordingError::UnreadFormat { path, advice });
    }
    let (first, source): (Vec<u8>, Box<dyn Read>) = if first.starts_with(GZIP) {
        let decoder = GzipRecording::new(source, Rc::clone(&count));
        let (first, source) = peek(decoder).map_err(read_error)?;
        (first, Box::new(source))
    } else {
        (first, Box::new(source))
    };
    if !is_named_archive(path) && !begins_like_archive(&first) {
        return Ok(Recording::Lines(RecordingLines::new(source, count)));
    }
    let mut text = Vec::new();
    let most = TRAFFIC_ARCHIVE_BYTES_MAX as u64 + 1;
    source
        .take(most)
        .read_to_end(&mut text)
        .map_err(read_error)?;
    if text.len() > TRAFFIC_ARCHIVE_BYTES_MAX {
        let path = path.to_owned();
        return Err(RecordingError::TooLarge { path });
    }
    Ok(Recording::Archive(text))
}

/// The first bytes of a source, and the source with them.
fn peek(mut source: impl Read) -> io::Result<(Vec<u8>, impl Read)> {
    let mut first = Vec::new();
    source
        .by_ref()
        .take(DETECTION_BYTES)
        .read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(source)))
}

/// Whether the name ends in `.har` or `.har.gz`.
fn is_named_archive(path: &Path) -> bool {
    let has_end = |path: &Path, end: &str| {
        path.extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(end))
    };
    let inner = path.file_stem().map(Path::new);
    has_end(path, "har") || has_end(path, "gz") && inner.is_some_and(|name| has_end(name, "har"))
}

/// Counts the bytes of a file that were read.
struct CountedSource {
    source: Box<dyn Read>,
    count: Rc<Cell<u64>>,
}

impl Read for CountedSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Decompresses gzip data of one or several members, up to a ratio.
struct GzipRecording<R> {
    decoder: MultiGzDecoder<R>,
    compressed: Rc<Cell<u64>>,
    bytes: u64,
}

impl<R: Read> GzipRecording<R> {
    fn new(source: R, compressed: Rc<Cell<u64>>) -> Self {
        Self {
            decoder: MultiGzDecoder::new(source),
            compressed,
            bytes: 0,
        }
    }
}

impl<R: Read> Read for GzipRecording<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.bytes += read as u64;
        let bytes_max = self.compressed.get().saturating_mul(TRAFFIC_RATIO_MAX);
        if self.bytes > bytes_max.max(TRAFFIC_LINE_BYTES_MAX as u64) {
            let message = format!("it expands to more than {TRAFFIC_RATIO_MAX} times its size");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
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
    /// The bytes that were read from the file, and how many of them are counted for lines.
    file_bytes: Rc<Cell<u64>>,
    counted_bytes: u64,
}

/// A line that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordingLine<'a> {
    /// The line number, from 1.
    pub(super) number: u64,
    /// How many bytes of the file were read for it.
    pub(super) bytes: u64,
    /// The text without the line break. `None` if the line is too long.
    pub(super) text: Option<&'a [u8]>,
}

impl RecordingLines {
    fn new(source: Box<dyn Read>, file_bytes: Rc<Cell<u64>>) -> Self {
        Self {
            source: BufReader::with_capacity(BUFFER_BYTES, source),
            line: Vec::new(),
            number: 0,
            bytes_max: TRAFFIC_LINE_BYTES_MAX,
            file_bytes,
            counted_bytes: 0,
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
                self.skip_line()?;
                return Ok(Some(RecordingLine {
                    number: self.number,
                    bytes: self.bytes_of_line(),
                    text: None,
                }));
            }
            if !self.text().trim_ascii().is_empty() {
                return Ok(Some(RecordingLine {
                    number: self.number,
                    bytes: self.bytes_of_line(),
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

    /// The bytes of the file that were read since the last line.
    fn bytes_of_line(&mut self) -> u64 {
        let read = self.file_bytes.get();
        read - std::mem::replace(&mut self.counted_bytes, read)
    }

    /// Skips the rest of a line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.source.fill_buf()?;
            let end = memchr(b'\n', buffer);
            let taken = end.map_or(buffer.len(), |at| at + 1);
            self.source.consume(taken);
            if end.is_some() || taken == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn numbers_lines_and_skips_long_ones() {
        let check = |text: &'static str, expected: &[(u64, Option<&str>)]| {
            let count = Rc::<Cell<u64>>::default();
            let source = CountedSource {
                source: Box::new(text.as_bytes()),
                count: Rc::clone(&count),
            };
            let mut lines = RecordingLines::new(Box::new(source), count);
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
    fn detects_archives_by_their_name() {
        let check = |name: &str, expected| assert_eq!(is_named_archive(Path::new(name)), expected);
        check("a.har", true);
        check("a/b.HAR.gz", true);
        check("a.jsonl.gz", false);
        check("har.gz", false);
        check("har", false);
    }

    #[test]
    fn refuses_data_that_expands_without_end() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..(TRAFFIC_LINE_BYTES_MAX >> 20) + 8 {
            encoder.write_all(&[0; 1 << 20]).unwrap();
        }
        let compressed = encoder.finish().unwrap();
        let count = Rc::<Cell<u64>>::default();
        let source = CountedSource {
            source: Box::new(Cursor::new(compressed)),
            count: Rc::clone(&count),
        };
        let mut decoder = GzipRecording::new(source, count);
        let error = io::copy(&mut decoder, &mut io::sink()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it expands to more than 800 times its size"
        );
        assert!(decoder.bytes < TRAFFIC_LINE_BYTES_MAX as u64 + (4 << 20));
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
