//! The header line of a chunk (RFC 9112 section 7.1).

use super::field_syntax::is_token;
use super::http_refusal::HttpRefusal;

/// Longest chunk header line, extensions included, in bytes.
pub(super) const CHUNK_LINE_BYTES_MAX: usize = 1024;

/// Most bytes of chunk extensions in one body. Clients do not use extensions, so they only cost
/// time.
pub(super) const EXTENSION_BYTES_MAX: usize = 8 * 1024;

/// The content of a chunk header line.
#[derive(Debug)]
pub(super) struct ChunkHeader {
    pub(super) size: u64,
    pub(super) extension_bytes: usize,
}

/// Parses `1*HEXDIG [ chunk-ext ]`.
pub(super) fn read_header(line: &[u8]) -> Result<ChunkHeader, HttpRefusal> {
    let end = line
        .iter()
        .position(|b| !b.is_ascii_hexdigit())
        .unwrap_or(line.len());
    let (digits, extensions) = line.split_at(end);
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    // Sixteen digits would fill 64 bits, and sums could overflow.
    if digits.is_empty() || digits.len() - zeros > 15 {
        return Err(HttpRefusal::MalformedChunk);
    }
    if line.len() > CHUNK_LINE_BYTES_MAX {
        return Err(HttpRefusal::MalformedChunkExtension);
    }
    check_extensions(extensions)?;
    let size = digits
        .iter()
        .fold(0, |size, digit| size * 16 + u64::from(hex_value(*digit)));
    Ok(ChunkHeader {
        size,
        extension_bytes: extensions.len(),
    })
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (section 7.1.1).
fn check_extensions(mut rest: &[u8]) -> Result<(), HttpRefusal> {
    while !rest.is_empty() {
        rest = match skip_space(rest) {
            [b';', rest @ ..] => skip_space(rest),
            _ if rest[0] == b';' || is_space(rest[0]) => {
                return Err(HttpRefusal::MalformedChunkExtension);
            }
            _ => return Err(HttpRefusal::MalformedChunk),
        };
        rest = skip_token(rest).ok_or(HttpRefusal::MalformedChunkExtension)?;
        if let [b'=', value @ ..] = skip_space(rest) {
            rest = skip_value(skip_space(value)).ok_or(HttpRefusal::MalformedChunkExtension)?;
        }
    }
    Ok(())
}

fn skip_value(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'"', rest @ ..] => skip_quoted(rest),
        _ => skip_token(bytes),
    }
}

fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes
        .iter()
        .position(|b| !is_token(&[*b]))
        .unwrap_or(bytes.len());
    (end > 0).then(|| &bytes[end..])
}

/// The bytes after the closing quote (RFC 9110 section 5.6.4).
fn skip_quoted(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        bytes = match bytes {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            [b'\t' | b' '..=b'[' | b']'..=b'~' | 0x80.., rest @ ..] => rest,
            _ => return None,
        };
    }
}

fn skip_space(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        if !is_space(*first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
