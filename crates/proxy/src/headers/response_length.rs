//! `Content-Length` of responses.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};

/// Replaces a repeated or listed `Content-Length` by one number, or removes one that is not a number
/// (RFC 9110 section 8.6). The client for upstreams has refused responses in which it decides where the
/// body ends.
pub(crate) fn remake_content_length(headers: &mut HeaderMap) {
    // Few fields are compared faster than one is looked up.
    let mut lines = headers.iter().filter(|(name, _)| **name == CONTENT_LENGTH);
    match (lines.next(), lines.next()) {
        (None, _) => return,
        (Some((_, only)), None) if is_number(only.as_bytes()) => return,
        _ => {}
    }
    let lines = headers.get_all(CONTENT_LENGTH).iter();
    let elements = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut elements = elements.map(<[u8]>::trim_ascii);
    let first = elements.next().filter(|first| is_number(first));
    let only = first.filter(|first| elements.all(|element| element == *first));
    match only.and_then(|only| HeaderValue::from_bytes(only).ok()) {
        Some(length) => {
            headers.insert(CONTENT_LENGTH, length);
        }
        None => {
            headers.remove(CONTENT_LENGTH);
        }
    }
}

/// Whether a text is a number of bytes that recipients can represent.
fn is_number(text: &[u8]) -> bool {
    let number = text.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    !text.is_empty() && number.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_left() {
        let check = |lines: &[&str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_LENGTH, line.parse().unwrap());
            }
            remake_content_length(&mut headers);
            let mut left = headers.get_all(CONTENT_LENGTH).iter();
            let only = left.next().map(|line| line.to_str().unwrap());
            assert_eq!((only, left.next()), (expected, None), "{lines:?}");
        };
        check(&[], None);
        check(&["2"], Some("2"));
        check(&["2, 2"], Some("2"));
        check(&["2", "2"], Some("2"));
        check(&["2,2", "2"], Some("2"));
        check(&["2, 3"], None);
        check(&["2", "3"], None);
        check(&["18446744073709551615"], Some("18446744073709551615"));
        check(&["18446744073709551616"], None);
        check(&["99999999999999999999", "99999999999999999999"], None);
        check(&["+2"], None);
        check(&["2,"], None);
        check(&[""], None);
    }
}
