//! Tests of multipart bodies, read whole and in small pieces.

use proptest::prelude::*;

use portcullis_vocabulary::limits::{PART_HEADER_BYTES_MAX, PARTS_MAX};

use super::multipart_reader::{MultipartError, MultipartReader, PartSink};
use super::part_head::{PartHead, PartHeadError, PartNaming};

#[derive(Debug, Default, PartialEq)]
struct Parts(Vec<(String, Vec<u8>)>);

impl PartSink for Parts {
    fn begin(&mut self, head: PartHead) -> Result<(), MultipartError> {
        self.0.push((head.name, Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        self.0.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }
}

fn read(boundary: &str, body: &[u8], piece: usize) -> Result<Parts, MultipartError> {
    let mut reader = MultipartReader::new(boundary, PartNaming::Named)?;
    let mut parts = Parts::default();
    for piece in body.chunks(piece) {
        reader.feed(piece, &mut parts)?;
    }
    reader.finish()?;
    Ok(parts)
}

/// Reads a body whole and in pieces of every small size. All results must be equal.
fn check(body: &str, expected: Result<&[(&str, &str)], &MultipartError>) {
    let whole = read("b", body.as_bytes(), usize::MAX);
    for piece in 1..12 {
        let pieced = read("b", body.as_bytes(), piece);
        assert_eq!(pieced, whole, "{body:?} in pieces of {piece}");
    }
    let found = whole.map(|parts| {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let parts = parts.0.into_iter();
        parts
            .map(|(name, data)| (name, text(data)))
            .collect::<Vec<_>>()
    });
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            let found: Vec<_> = found
                .iter()
                .map(|(name, data)| (name.as_str(), data.as_str()))
                .collect();
            assert_eq!(found, expected, "{body:?}");
        }
        (found, expected) => assert_eq!(found.as_ref().err(), expected.err(), "{body:?}"),
    }
}

const A: &str = "Content-Disposition: form-data; name=a\r\n\r\n";

#[test]
fn reads_bodies() {
    check(&format!("--b\r\n{A}1\r\n--b--\r\n"), Ok(&[("a", "1")]));
    check(&format!("--b\r\n{A}1\r\n--b--"), Ok(&[("a", "1")]));
    check(&format!("\r\n--b\r\n{A}1\r\n--b--"), Ok(&[("a", "1")]));
    check(
        &format!("--b\r\n{A}\r\n--b\r\n{A}2\r\n--b--"),
        Ok(&[("a", ""), ("a", "2")]),
    );
    check(
        &format!("--b\r\n{A}\r\n\r\n1-\r--\r\n-b\r\n--b--"),
        Ok(&[("a", "\r\n\r\n1-\r--\r\n-b")]),
    );
    check(
        &format!("--b\r\n{A}1\r\r\n--b\r\n{A}2\n\r\n--b--"),
        Ok(&[("a", "1\r"), ("a", "2\n")]),
    );
    check("--b--", Ok(&[]));
}

#[test]
fn refuses_ambiguous_bodies() {
    let delimiter = Err(&MultipartError::Delimiter);
    let unfinished = Err(&MultipartError::Unfinished);
    let preamble = Err(&MultipartError::Preamble);
    let epilogue = Err(&MultipartError::Epilogue);
    check(&format!("--b\n{A}1\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\r\n--bc\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\r\n--b--x"), epilogue);
    check(&format!("--b\r\n{A}1\r\n--b-x"), delimiter);
    check(&format!("--b \r\n{A}1\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\r\n--b\t\r\n{A}2\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\r\n--b-- \r\n"), epilogue);
    // Some readers accept a bare CR, and some find the boundary anywhere.
    check(&format!("--b\r\n{A}1\r--b\r\n{A}2\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1\r\n--b\r{A}2\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}1--b\r\n--b--"), delimiter);
    check(&format!("--b\r\n{A}--b--"), delimiter);
    check(&format!("--b\r\nX: --b\r\n{A}1\r\n--b--"), delimiter);
    for text in ["x", "x\r\n", "\n", "\r\n\r\n", " ", "\r", "-"] {
        check(&format!("{text}--b\r\n{A}1\r\n--b--"), preamble);
    }
    for text in ["x", "\r\nx", "\n", "\r\n\r\n", "\r\n--b", "\r"] {
        check(&format!("--b\r\n{A}1\r\n--b--{text}"), epilogue);
    }
    check("", unfinished);
    check("--", unfinished);
    check(&format!("--b\r\n{A}1"), unfinished);
    check(&format!("--b\r\n{A}1\r\n--b"), unfinished);
    check(&format!("--b\r\n{A}1\r\n--b\r\n"), unfinished);
    let head = MultipartError::Head {
        part: 1,
        error: PartHeadError::Disposition,
    };
    check("--b\r\n\r\n1\r\n--b--", Err(&head));
    check("--b\r\nContent-Type: a/b\r\n\r\n1\r\n--b--", Err(&head));
}

#[test]
fn a_file_without_a_name_has_no_data() {
    let body = |data: &str| {
        let head = "Content-Disposition: form-data; name=a; filename=\"\"";
        format!("--b\r\n{head}\r\n\r\n{data}\r\n--b--")
    };
    check(&body(""), Ok(&[("a", "")]));
    check(&body("1"), Err(&MultipartError::UnnamedFile { part: 1 }));
}

#[test]
fn the_length_of_a_part_must_be_true() {
    let body =
        |length: &str| format!("--b\r\nContent-Length: {length}\r\n{A}12\r\n--b\r\n{A}1\r\n--b--");
    check(&body("2"), Ok(&[("a", "12"), ("a", "1")]));
    for length in ["0", "1", "3", "100"] {
        check(&body(length), Err(&MultipartError::Length { part: 1 }));
    }
}

#[test]
fn enforces_bounds() {
    let long = format!("--b\r\nX: {}", "x".repeat(PART_HEADER_BYTES_MAX));
    check(&long, Err(&MultipartError::HeadSize { part: 1 }));
    let many = format!("--b\r\n{A}1\r\n").repeat(PARTS_MAX + 1);
    assert_eq!(
        read("b", many.as_bytes(), 1000).err(),
        Some(MultipartError::Parts)
    );
}

#[test]
fn refuses_malformed_boundaries() {
    let is_accepted = |boundary: &str| MultipartReader::new(boundary, PartNaming::Named).is_ok();
    assert!(is_accepted("a b'()+_,-./:=?9"));
    assert!(is_accepted(&"x".repeat(70)));
    for refused in ["", "a ", " a", "a\"", "é", "a\r\n", &"x".repeat(71)] {
        assert!(!is_accepted(refused), "{refused}");
    }
}

#[test]
fn buffers_little() {
    let mut reader = MultipartReader::new("b", PartNaming::Named).unwrap();
    let mut parts = Parts::default();
    reader
        .feed(format!("--b\r\n{A}").as_bytes(), &mut parts)
        .unwrap();
    reader.feed(&vec![b'\n'; 1 << 20], &mut parts).unwrap();
    assert!(
        reader.buffer.len() < 16,
        "{} bytes are buffered",
        reader.buffer.len()
    );
}

/// Accepts 16 bytes of data.
#[derive(Default)]
struct Narrow(usize);

impl PartSink for Narrow {
    fn begin(&mut self, _: PartHead) -> Result<(), MultipartError> {
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        self.0 += bytes.len();
        match self.0 {
            0..=16 => Ok(()),
            _ => Err(MultipartError::TooLarge { bytes_max: 16 }),
        }
    }
}

#[test]
fn the_first_error_does_not_depend_on_the_pieces() {
    for (data, expected) in [
        (17, MultipartError::TooLarge { bytes_max: 16 }),
        // The line feed before the delimiter is data.
        (15, MultipartError::Delimiter),
    ] {
        let body = format!("--b\r\n{A}{}\n--b\r\n", "x".repeat(data));
        for piece in [1, 7, body.len()] {
            let mut reader = MultipartReader::new("b", PartNaming::Named).unwrap();
            let mut sink = Narrow::default();
            let mut pieces = body.as_bytes().chunks(piece);
            let refused = pieces.try_for_each(|piece| reader.feed(piece, &mut sink));
            assert_eq!(refused.unwrap_err(), expected, "in pieces of {piece}");
        }
    }
}

proptest! {
    #[test]
    fn never_panics(body in "(--b|\r\n|\n|-|Content-Disposition: form-data; name=a|:|x| ){0,30}", piece in 1usize..20) {
        prop_assert_eq!(read("b", body.as_bytes(), piece), read("b", body.as_bytes(), usize::MAX));
    }

    #[test]
    fn reads_written_bodies(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5), piece in 1usize..100) {
        let boundary = "Xq9-boundary-that-is-not-in-the-data";
        let mut body = Vec::new();
        for value in &values {
            body.extend_from_slice(format!("--{boundary}\r\n{A}").as_bytes());
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let read = read(boundary, &body, piece).unwrap();
        let found: Vec<Vec<u8>> = read.0.into_iter().map(|(_, data)| data).collect();
        prop_assert_eq!(found, values);
    }
}
