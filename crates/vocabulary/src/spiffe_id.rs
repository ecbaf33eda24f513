//! A SPIFFE ID: the name of a workload in its X.509 certificate.
//!
//! The form is that of the SPIFFE ID specification, section 2: `spiffe://`, a trust domain, and a
//! path. Everything else is refused, so two IDs are the same if their texts are equal.

use std::fmt;
use std::str::FromStr;

/// The most bytes of an ID (section 2.3).
const ID_BYTES_MAX: usize = 2048;

/// The most bytes of a trust domain (section 2.3).
const TRUST_DOMAIN_BYTES_MAX: usize = 255;

/// A valid SPIFFE ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId {
    text: Box<str>,
    /// Where the path begins.
    path_at: usize,
}

/// The text is not a SPIFFE ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected spiffe://<trust domain>/<path>, such as spiffe://example.org/ns/payments/sa/api")]
pub struct InvalidSpiffeId;

/// The text is not a trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a trust domain of 1 to 255 characters of a-z, 0-9, '.', '_' and '-'")]
pub struct InvalidTrustDomain;

/// A valid trust domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrustDomain(Box<str>);

impl SpiffeId {
    /// The text of the ID.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The trust domain.
    pub fn trust_domain(&self) -> &str {
        &self.text[SCHEME.len()..self.path_at]
    }

    /// The Kubernetes namespace of a path of the form `/ns/<namespace>/sa/<account>`.
    pub fn namespace(&self) -> Option<&str> {
        let mut segments = self.text[self.path_at..].split('/');
        let parts = [(); 5].map(|()| segments.next());
        match (parts, segments.next()) {
            (
                [
                    Some(""),
                    Some("ns"),
                    Some(namespace),
                    Some("sa"),
                    Some(_account),
                ],
                None,
            ) => Some(namespace),
            _ => None,
        }
    }
}

impl TrustDomain {
    /// The text of the trust domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const SCHEME: &str = "spiffe://";

impl FromStr for SpiffeId {
    type Err = InvalidSpiffeId;

    fn from_str(text: &str) -> Result<Self, InvalidSpiffeId> {
        let rest = text.strip_prefix(SCHEME).ok_or(InvalidSpiffeId)?;
        let domain_bytes = rest.find('/').unwrap_or(rest.len());
        let (domain, path) = rest.split_at(domain_bytes);
        let is_valid = text.len() <= ID_BYTES_MAX
            && is_trust_domain(domain)
            && (path.is_empty() || is_path(path));
        if !is_valid {
            return Err(InvalidSpiffeId);
        }
        Ok(Self {
            text: text.into(),
            path_at: SCHEME.len() + domain_bytes,
        })
    }
}

impl FromStr for TrustDomain {
    type Err = InvalidTrustDomain;

    fn from_str(text: &str) -> Result<Self, InvalidTrustDomain> {
        if is_trust_domain(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidTrustDomain)
        }
    }
}

fn is_trust_domain(text: &str) -> bool {
    let is_char = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-');
    (1..=TRUST_DOMAIN_BYTES_MAX).contains(&text.len()) && text.chars().all(is_char)
}

/// Whether every segment has characters, is not relative, and has only characters that need no
/// encoding.
fn is_path(path: &str) -> bool {
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(is_char);
    path[1..].split('/').all(is_segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_parts_of_an_id() {
        let check = |text: &str, domain: &str, namespace: Option<&str>| {
            let id: SpiffeId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!((id.trust_domain(), id.namespace()), (domain, namespace));
        };
        check("spiffe://prod/ns/pay/sa/api", "prod", Some("pay"));
        check("spiffe://a.b-c_d/x", "a.b-c_d", None);
        check("spiffe://prod", "prod", None);
        check("spiffe://prod/ns/pay/sa", "prod", None);
        check("spiffe://prod/ns/pay/sa/api/x", "prod", None);
        check("spiffe://prod/NS/pay/sa/api", "prod", None);
    }

    #[test]
    fn refuses_other_texts() {
        let long = format!("spiffe://prod/{}", "a".repeat(ID_BYTES_MAX));
        let domain = format!("spiffe://{}/a", "a".repeat(256));
        for text in [
            "",
            "spiffe://",
            "spiffe:///a",
            "SPIFFE://prod/a",
            "https://prod/a",
            "spiffe://Prod/a",
            "spiffe://prod:80/a",
            "spiffe://user@prod/a",
            "spiffe://prod/",
            "spiffe://prod//a",
            "spiffe://prod/a/",
            "spiffe://prod/./a",
            "spiffe://prod/../a",
            "spiffe://prod/a%2fb",
            "spiffe://prod/a?b",
            "spiffe://prod/a#b",
            "spiffe://prod/ä",
            "spiffe://prod/a b",
            &long,
            &domain,
        ] {
            assert_eq!(text.parse::<SpiffeId>(), Err(InvalidSpiffeId), "{text}");
        }
        assert!("prod".parse::<TrustDomain>().is_ok());
        assert!("prod/".parse::<TrustDomain>().is_err());
    }
}
