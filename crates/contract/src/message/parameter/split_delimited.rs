//! Splits a parameter's raw text at the delimiters of its style. The caller decodes the pieces.

/// Splits `name=value`. A name alone has an empty value.
pub(super) fn split_pair(piece: &str) -> (&str, &str) {
    piece.split_once('=').unwrap_or((piece, ""))
}

/// Splits at the delimiter as it arrives. Spaces and pipes are encoded in a query, because they
/// are not allowed there raw; a raw `|` is accepted because it is common.
pub(super) fn pieces<'a>(text: &'a str, separator: &'static str) -> impl Iterator<Item = &'a str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = match separator {
            " " => first_of(text, &["%20", "+"]),
            "|" => first_of(text, &["|", "%7C", "%7c"]),
            other => match other.as_bytes() {
                [byte] => memchr::memchr(*byte, text.as_bytes()).map(|at| (at, 1)),
                _ => text.find(other).map(|at| (at, other.len())),
            },
        };
        match found {
            Some((at, len)) => {
                rest = Some(&text[at + len..]);
                Some(&text[..at])
            }
            None => rest.take(),
        }
    })
}

fn first_of(text: &str, delimiters: &[&str]) -> Option<(usize, usize)> {
    delimiters
        .iter()
        .filter_map(|delimiter| Some((text.find(delimiter)?, delimiter.len())))
        .min_by_key(|(at, _)| *at)
}
