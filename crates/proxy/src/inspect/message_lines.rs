//! Lines of a message: complete ones, and those whose end has not arrived.

use memchr::memchr;

use super::http_refusal::HttpRefusal;

/// A line without its CRLF. No line that has another CR is valid, so that is not checked here.
pub(super) fn line_text(line: &[u8]) -> Result<&[u8], HttpRefusal> {
    line.strip_suffix(b"\r\n").ok_or(HttpRefusal::BareLineFeed)
}

/// Why a line is refused that was read with this result.
pub(super) fn line_refusal(text: &[u8], refusal: HttpRefusal) -> HttpRefusal {
    match memchr(b'\r', text) {
        Some(_) => HttpRefusal::BareCarriageReturn,
        None => refusal,
    }
}

/// Refuses an unfinished line that has a byte which no line may have. Its first `checked` bytes were
/// checked before, but its end may have been a CR that belongs to its line end.
pub(super) fn check_unfinished(line: &[u8], checked: usize) -> Result<(), HttpRefusal> {
    let fresh = line.get(checked.saturating_sub(1)..).unwrap_or_default();
    let Some((last, before)) = fresh.split_last() else {
        return Ok(());
    };
    if before.contains(&b'\r') {
        return Err(HttpRefusal::BareCarriageReturn);
    }
    match last {
        b'\r' | b'\t' | b' '..=b'~' | 0x80.. if !has_control(before) => Ok(()),
        _ => Err(HttpRefusal::ControlCharacter),
    }
}

/// Whether any byte is a control character other than a tab.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    // Without an early exit, this compiles to vector instructions.
    bytes.iter().fold(false, |has_control, b| {
        has_control | ((*b < b' ') & (*b != b'\t')) | (*b == 0x7f)
    })
}
