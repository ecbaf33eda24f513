//! Finds the frames in the byte stream of an HTTP/2 client (RFC 9113 section 4.1).
//!
//! It reads frame headers only and copies nothing. The HTTP/2 library reads the same bytes and
//! judges them; what is found here only counts.

/// What a client sends first (RFC 9113 section 3.4).
pub const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The length of a frame header.
const HEADER_BYTES: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Reads one connection's frames.
#[derive(Debug, Default)]
pub struct FrameScanner {
    preface: usize,
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    payload_left: usize,
    /// Whether the last field block has not ended.
    in_block: bool,
}

impl FrameScanner {
    /// Reads the next bytes. Returns how many frames began in them that carry no content.
    pub fn feed(&mut self, mut bytes: &[u8]) -> u32 {
        let skipped = bytes.len().min(HTTP2_PREFACE.len() - self.preface);
        self.preface += skipped;
        bytes = &bytes[skipped..];
        let mut without_content = 0;
        while !bytes.is_empty() {
            let skipped = bytes.len().min(self.payload_left);
            self.payload_left -= skipped;
            bytes = &bytes[skipped..];
            let taken = bytes.len().min(HEADER_BYTES - self.header_bytes);
            self.header[self.header_bytes..self.header_bytes + taken]
                .copy_from_slice(&bytes[..taken]);
            self.header_bytes += taken;
            bytes = &bytes[taken..];
            if self.header_bytes == HEADER_BYTES {
                without_content += u32::from(self.begin_frame());
            }
        }
        without_content
    }

    /// Whether a frame or a field block has begun and not ended.
    pub fn is_inside_head(&self) -> bool {
        let [_, _, _, kind, ..] = self.header;
        let is_partial = self.payload_left > 0 && matches!(kind, HEADERS | CONTINUATION);
        self.in_block || is_partial || self.preface < HTTP2_PREFACE.len()
    }

    /// Reads a frame header. Returns whether the frame carries no content.
    fn begin_frame(&mut self) -> bool {
        let [a, b, c, kind, flags, ..] = self.header;
        self.header_bytes = 0;
        self.payload_left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        match kind {
            DATA => self.payload_left == 0 && flags & END_STREAM == 0,
            HEADERS | CONTINUATION => {
                self.in_block = flags & END_HEADERS == 0;
                true
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn frames_are_found_in_pieces_of_any_size() {
        let stream = [
            HTTP2_PREFACE.to_vec(),
            frame(4, 0, &[]),
            frame(HEADERS, 0, b"abc"),
            frame(CONTINUATION, END_HEADERS, b"de"),
            frame(DATA, 0, b"data"),
            frame(DATA, END_STREAM, &[]),
            frame(DATA, 0, &[]),
            frame(6, 0, &[0; 8]),
        ]
        .concat();
        for size in [1, 2, 3, 8, 9, 10, 1000] {
            let mut scanner = FrameScanner::default();
            let found: u32 = stream.chunks(size).map(|part| scanner.feed(part)).sum();
            assert_eq!(
                found, 5,
                "SETTINGS, HEADERS, CONTINUATION, empty DATA, PING"
            );
            assert!(!scanner.is_inside_head());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_scanned_alike_in_any_pieces(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            size in 1_usize..50,
        ) {
            let stream = [HTTP2_PREFACE, &bytes].concat();
            let (mut whole, mut pieces) = (FrameScanner::default(), FrameScanner::default());
            let expected = whole.feed(&stream);
            let found: u32 = stream.chunks(size).map(|part| pieces.feed(part)).sum();
            proptest::prop_assert_eq!(found, expected);
            proptest::prop_assert_eq!(pieces.is_inside_head(), whole.is_inside_head());
        }
    }

    #[test]
    fn an_unfinished_head_is_noticed() {
        let mut scanner = FrameScanner::default();
        assert!(scanner.is_inside_head());
        scanner.feed(HTTP2_PREFACE);
        assert!(!scanner.is_inside_head());
        let headers = frame(HEADERS, END_HEADERS, b"abc");
        scanner.feed(&headers[..10]);
        assert!(scanner.is_inside_head());
        scanner.feed(&headers[10..]);
        assert!(!scanner.is_inside_head());
        scanner.feed(&frame(HEADERS, 0, b""));
        assert!(scanner.is_inside_head(), "CONTINUATION is missing");
    }
}
