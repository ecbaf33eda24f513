//! What an address says about TLS.
//!
//! The client library reads neither `verify-full` nor `sslrootcert`, so both are taken out of the text
//! before it reads it. Each mode with TLS verifies the certificate and the name: encryption to a server
//! that is not known protects no password.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::database_error::DatabaseError;

/// How connections are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsParameters {
    /// Whether they are encrypted, and the server is verified.
    pub(super) is_required: bool,
    /// The authorities of the server's certificate; those of the system if absent.
    pub(super) authority_file: Option<PathBuf>,
}

/// Takes the parameters out of the text of an address.
pub(super) fn tls_parameters(text: &str) -> Result<(String, TlsParameters), DatabaseError> {
    let mut parameters = TlsParameters::default();
    let is_address = text.starts_with("postgres://") || text.starts_with("postgresql://");
    let rest = if is_address {
        let Some((place, query)) = text.split_once('?') else {
            return Ok((text.to_owned(), parameters));
        };
        let mut others = Vec::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| DatabaseError::Address)?;
            if !parameters.take(name, &value)? {
                others.push(pair);
            }
        }
        match others[..] {
            [] => place.to_owned(),
            _ => format!("{place}?{}", others.join("&")),
        }
    } else {
        let mut others = Vec::new();
        for pair in pairs(text) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.trim();
            let quoted = value
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''));
            let value = quoted
                .unwrap_or(value)
                .replace("\\'", "'")
                .replace("\\\\", "\\");
            if !parameters.take(name.trim(), &value)? {
                others.push(pair);
            }
        }
        others.join(" ")
    };
    Ok((rest, parameters))
}

impl TlsParameters {
    /// Takes one parameter. Returns whether it is about TLS.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, DatabaseError> {
        match (name, value) {
            ("sslmode", "disable" | "prefer") => self.is_required = false,
            ("sslmode", "require" | "verify-full") => self.is_required = true,
            ("sslmode", _) => return Err(DatabaseError::Address),
            ("sslrootcert", "system") => self.authority_file = None,
            ("sslrootcert", path) => self.authority_file = Some(PathBuf::from(path)),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The `name=value` pairs of an address of this form. Values in quotation marks can have spaces.
fn pairs(text: &str) -> Vec<&str> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' => is_quoted = !is_quoted,
            _ if character.is_whitespace() && !is_quoted => {
                found.push(&text[start..at]);
                start = at;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    // Spaces around `=` belong to the pair.
    let mut joined: Vec<&str> = Vec::new();
    let mut from = 0;
    for part in found {
        let part_start = from;
        from += part.len();
        let trimmed = part.trim();
        let open = joined
            .last()
            .is_some_and(|last| last.trim_end().ends_with('='));
        let continues = open || trimmed.starts_with('=');
        match joined.last_mut() {
            Some(last) if continues || trimmed.is_empty() => {
                let begin = part_start - last.len();
                *last = &text[begin..from];
            }
            _ => joined.push(part),
        }
    }
    joined
        .into_iter()
        .filter(|pair| !pair.trim().is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_about_tls_are_taken_out() {
        let check = |text: &str, rest: &str, is_required: bool, file: Option<&str>| {
            let (found, parameters) = tls_parameters(text).unwrap();
            let expected = TlsParameters {
                is_required,
                authority_file: file.map(PathBuf::from),
            };
            assert_eq!((found.trim(), parameters), (rest, expected), "{text}");
        };
        check("postgres://a:b@c/d", "postgres://a:b@c/d", false, None);
        check(
            "postgres://c/d?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fetc%2Fca%20one.pem",
            "postgres://c/d?connect_timeout=3",
            true,
            Some("/etc/ca one.pem"),
        );
        check(
            "postgresql://c?sslmode=require",
            "postgresql://c",
            true,
            None,
        );
        check("postgres://c?sslmode=prefer", "postgres://c", false, None);
        check(
            "host=c sslmode=verify-full user=a",
            "host=c  user=a",
            true,
            None,
        );
        check(
            "host=c sslrootcert = '/a b/it\\'s.pem' password='sslmode=disable x' sslmode=require",
            "host=c  password='sslmode=disable x'",
            true,
            Some("/a b/it's.pem"),
        );
        for text in ["postgres://c?sslmode=verify-ca", "host=c sslmode=allow"] {
            assert!(tls_parameters(text).is_err(), "{text}");
        }
    }
}
