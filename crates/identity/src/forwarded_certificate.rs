//! `x-forwarded-client-cert`, in which a proxy reports the certificate of its client.
//!
//! The format is Envoy's: elements are separated by commas, one for each hop, the last one by the
//! nearest proxy; an element is a list of `Key=Value` pairs separated by semicolons. A value with
//! `,`, `;` or `=` is quoted, and a quote in it is escaped with a backslash. Only the last element is
//! believed, because it is the one that the trusted peer wrote.

use http::{HeaderMap, HeaderName};

use super::certificate_identity::CertificateFault;

/// Reports the certificate of the client of a trusted peer.
pub(super) const X_FORWARDED_CLIENT_CERT: HeaderName =
    HeaderName::from_static("x-forwarded-client-cert");

/// The URI names that the last element reports; `None` if there is no such field.
///
/// # Errors
/// If the field is malformed.
pub(super) fn forwarded_uris(headers: &HeaderMap) -> Result<Option<Vec<String>>, CertificateFault> {
    // The elements of several lines are one list, so the last line has the last element.
    let Some(line) = headers.get_all(&X_FORWARDED_CLIENT_CERT).iter().next_back() else {
        return Ok(None);
    };
    let text = line
        .to_str()
        .map_err(|_| CertificateFault::MalformedField)?;
    let mut uris = Vec::new();
    let mut reader = ElementReader { rest: text };
    loop {
        let (key, value, end) = reader.pair().ok_or(CertificateFault::MalformedField)?;
        if key.eq_ignore_ascii_case("uri") && !value.is_empty() {
            uris.push(value);
        }
        match end {
            PairEnd::Pair => {}
            // Another element follows, so this one was not the last.
            PairEnd::Element => uris.clear(),
            PairEnd::Field => return Ok(Some(uris)),
        }
    }
}

/// What ends a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PairEnd {
    Pair,
    Element,
    Field,
}

/// Reads the pairs of all elements.
struct ElementReader<'t> {
    rest: &'t str,
}

impl<'t> ElementReader<'t> {
    /// The next pair, without its quotes.
    fn pair(&mut self) -> Option<(&'t str, String, PairEnd)> {
        let (key, rest) = self.rest.split_once('=')?;
        let key = key.trim();
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_key {
            return None;
        }
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = rest.find([',', ';']).unwrap_or(rest.len());
                let (value, rest) = rest.split_at(end);
                if value.contains('"') {
                    return None;
                }
                (value.trim().to_owned(), rest)
            }
        };
        let rest = rest.trim_start();
        let mut chars = rest.chars();
        let end = match chars.next() {
            None => PairEnd::Field,
            Some(',') => PairEnd::Element,
            Some(';') => PairEnd::Pair,
            Some(_) => return None,
        };
        self.rest = chars.as_str();
        Some((key, value, end))
    }
}

/// The value before the closing quote, and what follows the quote.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uris(lines: &[&str]) -> Result<Option<Vec<String>>, CertificateFault> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_CLIENT_CERT, line.parse().unwrap());
        }
        forwarded_uris(&headers)
    }

    fn check(lines: &[&str], expected: &[&str]) {
        let expected = expected.iter().map(|uri| (*uri).to_owned()).collect();
        assert_eq!(uris(lines), Ok(Some(expected)), "{lines:?}");
    }

    #[test]
    fn the_last_element_counts() {
        assert_eq!(uris(&[]), Ok(None));
        check(
            &["By=spiffe://a/x;Hash=00;URI=spiffe://a/b"],
            &["spiffe://a/b"],
        );
        check(&["URI=spiffe://a/b,URI=spiffe://a/c"], &["spiffe://a/c"]);
        check(
            &["URI=spiffe://a/b", "Hash=0;uri=spiffe://a/c"],
            &["spiffe://a/c"],
        );
        check(
            &["URI=spiffe://a/b;URI=spiffe://a/c"],
            &["spiffe://a/b", "spiffe://a/c"],
        );
        check(&["URI=spiffe://a/b,Hash=0"], &[]);
        check(&["URI="], &[]);
    }

    #[test]
    fn quoted_values_hide_separators() {
        check(
            &[r#"Hash=0;Subject="/CN=\"x\",URI=spiffe://evil/a;O=y";URI=spiffe://a/b"#],
            &["spiffe://a/b"],
        );
        check(&[r#"URI="spiffe://a/b";DNS=x"#], &["spiffe://a/b"]);
        check(
            &[r#"Subject="a=b,c" , URI=spiffe://a/b"#],
            &["spiffe://a/b"],
        );
    }

    #[test]
    fn malformed_fields_are_refused() {
        for line in [
            "",
            "spiffe://a/b",
            "URI",
            "URI=a,",
            "URI=a;",
            "=a",
            "U RI=a",
            r#"Subject="open;URI=spiffe://a/b"#,
            r#"Subject="a"b;URI=spiffe://a/b"#,
            r#"Subject="a\"#,
            r#"Subject=a"b;URI=spiffe://a/b"#,
        ] {
            assert_eq!(
                uris(&[line]),
                Err(CertificateFault::MalformedField),
                "{line}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(line in "([A-Za-z=;,\"\\\\ ]|URI=|spiffe://a/b){0,40}") {
            let _ = uris(&[&line]);
        }
    }
}
