//! Security requirements: the credentials that a contract requires.
//!
//! Only the presence and the form of credentials are checked; verifying a token needs its issuer's
//! keys. A list of requirements is an OR of requirements, each an AND of schemes. `{}` allows
//! anonymous requests, and an operation's list replaces the document's (OpenAPI 3.0.4 and 3.1.1,
//! Security Requirement Object).

use http::header::{AUTHORIZATION, HeaderMap};

use super::parameter::{RawPairs, decode_form};
use super::violation::MessagePart;
use crate::openapi::document::NodeRef;

/// The requirements of one operation. Empty if no credentials are required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecurityRequirements {
    pub(super) alternatives: Vec<Vec<Credential>>,
    /// The list in the contract.
    pub(super) node_ref: Option<NodeRef>,
}

/// One credential of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Header(String),
    Query(String),
    Cookie(String),
    /// `http` with the scheme `basic`: user name and password (RFC 7617).
    Basic,
    /// A bearer token (RFC 6750): `http` with `bearer`, `oauth2`, `openIdConnect`.
    Bearer,
    /// `http` with another registered scheme.
    Scheme(String),
    /// A client certificate. Whatever terminates TLS checks it, so it is never missing here.
    Certificate,
    /// A scheme that the tolerant reading could not read: the requirement that names it.
    Unreadable(NodeRef),
}

/// Whether a request has the required credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CredentialPresence {
    Present,
    Missing,
    /// Unknown, because the contract cannot be read where it names them.
    Unreadable(NodeRef),
}

/// A credential as a request carries it, with a made-up value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSample {
    /// The part of the request: a header field, a query parameter or a cookie.
    pub part: MessagePart,
    /// The name of the field, the parameter or the cookie.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The parts of a request that may contain credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct CredentialSources<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) query: RawPairs<'a>,
    pub(super) cookies: RawPairs<'a>,
}

impl SecurityRequirements {
    /// Whether the request has all credentials of one alternative.
    pub(super) fn presence(&self, sources: CredentialSources<'_>) -> CredentialPresence {
        if self.alternatives.is_empty() {
            return CredentialPresence::Present;
        }
        let mut found = CredentialPresence::Missing;
        for all in &self.alternatives {
            if !all
                .iter()
                .all(|credential| credential.may_be_present(sources))
            {
                continue;
            }
            match all.iter().find_map(Credential::unreadable) {
                None => return CredentialPresence::Present,
                Some(node_ref) => found = CredentialPresence::Unreadable(node_ref),
            }
        }
        found
    }

    /// Whether one of the schemes could not be read.
    pub(crate) fn has_unreadable(&self) -> bool {
        let mut all = self.alternatives.iter().flatten();
        all.any(|credential| credential.unreadable().is_some())
    }

    /// Samples of the credentials of each alternative.
    pub(super) fn samples(&self) -> Vec<Vec<CredentialSample>> {
        let of = |all: &Vec<Credential>| all.iter().filter_map(Credential::sample).collect();
        self.alternatives.iter().map(of).collect()
    }

    /// Whether a cookie is among the credentials.
    pub(super) fn reads_cookies(&self) -> bool {
        let mut all = self.alternatives.iter().flatten();
        all.any(|credential| matches!(credential, Credential::Cookie(_)))
    }

    /// Whether a credential has this name. Such a parameter is declared.
    pub(super) fn declares(&self, part: MessagePart, name: &str) -> bool {
        let mut all = self.alternatives.iter().flatten();
        all.any(|credential| match credential {
            Credential::Header(known) => {
                part == MessagePart::Header && known.eq_ignore_ascii_case(name)
            }
            Credential::Query(known) => part == MessagePart::Query && known == name,
            Credential::Cookie(known) => part == MessagePart::Cookie && known == name,
            Credential::Basic
            | Credential::Bearer
            | Credential::Scheme(_)
            | Credential::Certificate
            | Credential::Unreadable(_) => false,
        })
    }

    /// The names of header fields that hold credentials, other than `authorization`.
    pub(super) fn header_names(&self) -> impl Iterator<Item = &str> {
        let all = self.alternatives.iter().flatten();
        all.filter_map(|credential| match credential {
            Credential::Header(name) => Some(name.as_str()),
            Credential::Query(_)
            | Credential::Cookie(_)
            | Credential::Basic
            | Credential::Bearer
            | Credential::Scheme(_)
            | Credential::Certificate
            | Credential::Unreadable(_) => None,
        })
    }

    /// The credentials to send, in words.
    pub(super) fn expected(&self) -> String {
        let alternatives = self.alternatives.iter().map(|all| {
            let all: Vec<String> = all.iter().map(Credential::described).collect();
            all.join(" and ")
        });
        alternatives.collect::<Vec<_>>().join(", or ")
    }

    /// The `WWW-Authenticate` value of a 401 (RFC 9110 section 11.6.1), each scheme once.
    pub(super) fn challenges(&self) -> String {
        let all = self.alternatives.iter().flatten();
        let mut challenges: Vec<String> = all.filter_map(Credential::challenge).collect();
        challenges.sort();
        challenges.dedup();
        challenges.join(", ")
    }
}

impl Credential {
    fn unreadable(&self) -> Option<NodeRef> {
        match self {
            Self::Unreadable(node_ref) => Some(*node_ref),
            _ => None,
        }
    }

    fn may_be_present(&self, sources: CredentialSources<'_>) -> bool {
        match self {
            Self::Header(name) => has_one_line(sources.headers, name),
            Self::Query(name) => has_one_value(sources.query, name),
            Self::Cookie(name) => has_cookie(sources.cookies, name),
            Self::Basic => credentials(sources.headers, "basic").is_some(),
            Self::Bearer => credentials(sources.headers, "bearer").is_some_and(may_be_token),
            Self::Scheme(scheme) => credentials(sources.headers, scheme).is_some(),
            Self::Certificate | Self::Unreadable(_) => true,
        }
    }

    /// The credential with a made-up value; `None` if no part of the request carries it.
    fn sample(&self) -> Option<CredentialSample> {
        let (part, name, value) = match self {
            Self::Header(name) => (MessagePart::Header, name.as_str(), "key".to_owned()),
            Self::Query(name) => (MessagePart::Query, name.as_str(), "key".to_owned()),
            Self::Cookie(name) => (MessagePart::Cookie, name.as_str(), "key".to_owned()),
            Self::Basic => (
                MessagePart::Header,
                "authorization",
                "Basic dTpw".to_owned(),
            ),
            Self::Bearer => (
                MessagePart::Header,
                "authorization",
                "Bearer token".to_owned(),
            ),
            Self::Scheme(scheme) => (
                MessagePart::Header,
                "authorization",
                format!("{scheme} credentials"),
            ),
            Self::Certificate | Self::Unreadable(_) => return None,
        };
        Some(CredentialSample {
            part,
            name: name.to_owned(),
            value,
        })
    }

    fn described(&self) -> String {
        match self {
            Self::Header(name) => format!("the header `{name}`"),
            Self::Query(name) => format!("the query parameter `{name}`"),
            Self::Cookie(name) => format!("the cookie `{name}`"),
            Self::Basic => {
                "`authorization: Basic …` with a user name and password in base64".to_owned()
            }
            Self::Bearer => "`authorization: Bearer …` with a token".to_owned(),
            Self::Scheme(scheme) => format!("`authorization: {scheme} …`"),
            Self::Certificate => "a client certificate".to_owned(),
            Self::Unreadable(_) => "credentials that the contract does not describe".to_owned(),
        }
    }

    fn challenge(&self) -> Option<String> {
        Some(match self {
            Self::Basic => "Basic realm=\"contract\"".to_owned(),
            Self::Bearer => "Bearer".to_owned(),
            Self::Scheme(scheme) => scheme.clone(),
            Self::Header(_) | Self::Query(_) | Self::Cookie(_) => "ApiKey".to_owned(),
            Self::Certificate => "Mutual".to_owned(),
            Self::Unreadable(_) => return None,
        })
    }
}

/// Whether the field has one line with a value. Of several, the service may use another one.
fn has_one_line(headers: &HeaderMap, name: &str) -> bool {
    let mut lines = headers.get_all(name).iter();
    let only = lines.next().filter(|_| lines.next().is_none());
    only.is_some_and(|value| !value.is_empty())
}

/// Whether the query has one value for a name, which may be escaped. Of several, the service may use
/// another one.
fn has_one_value(query: RawPairs<'_>, name: &str) -> bool {
    let is_named =
        |known: &str| known == name || decode_form(known).is_ok_and(|known| known == name);
    let mut values = query.iter().filter(|(known, _)| is_named(known));
    let only = values.next().filter(|_| values.next().is_none());
    only.is_some_and(|(_, value)| !value.is_empty())
}

/// Whether a cookie has a value. Of several, the first counts (RFC 6265 section 5.4).
fn has_cookie(cookies: RawPairs<'_>, name: &str) -> bool {
    let found = cookies.iter().find(|(known, _)| *known == name);
    found.is_some_and(|(_, value)| !value.is_empty())
}

/// Whether the credentials can be a token. More characters are allowed than RFC 6750 section 2.1 lists,
/// because issuers use them, but no white space.
fn may_be_token(credentials: &str) -> bool {
    !credentials.contains([' ', '\t'])
}

/// The credentials in `Authorization` if it has this scheme. Schemes are case-insensitive.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (found, rest) = line.to_str().ok()?.trim_start().split_once(' ')?;
    let rest = rest.trim();
    (found.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::super::parameter::PairScratch;
    use super::*;
    use http::HeaderValue;

    fn check(credential: &Credential, authorization: &'static str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(authorization));
        let sources = CredentialSources {
            headers: &headers,
            query: RawPairs::EMPTY,
            cookies: RawPairs::EMPTY,
        };
        assert_eq!(
            credential.may_be_present(sources),
            expected,
            "{authorization}"
        );
    }

    #[test]
    fn schemes_ignore_case_and_credentials_must_not_be_empty() {
        check(&Credential::Bearer, "Bearer abc", true);
        check(&Credential::Bearer, "bEARER abc", true);
        check(&Credential::Bearer, "Bearer", false);
        check(&Credential::Bearer, "Bearer  ", false);
        check(&Credential::Bearer, "Basic dTpw", false);
        check(&Credential::Basic, "Basic dTpw", true);
        check(&Credential::Basic, "Basic", false);
        // Whether they are right is for the service to decide.
        check(&Credential::Basic, "Basic XXXX", true);
        check(&Credential::Bearer, "Bearer a b", false);
        check(
            &Credential::Scheme("Digest".to_owned()),
            "digest username=\"a\"",
            true,
        );
    }

    #[test]
    fn finds_api_keys_in_headers_queries_and_cookies() {
        let (mut query, mut cookies) = (PairScratch::new(), PairScratch::new());
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-key"),
            HeaderValue::from_static("k"),
        )]);
        let sources = CredentialSources {
            headers: &headers,
            query: RawPairs::of_query("key=1&empty=&a%20b=1&twice=1&%74wice=1", &mut query),
            cookies: RawPairs::of_cookies("sid=1", &mut cookies),
        };
        assert!(Credential::Header("X-Key".to_owned()).may_be_present(sources));
        assert!(Credential::Query("key".to_owned()).may_be_present(sources));
        assert!(Credential::Query("a b".to_owned()).may_be_present(sources));
        assert!(!Credential::Query("empty".to_owned()).may_be_present(sources));
        assert!(!Credential::Query("twice".to_owned()).may_be_present(sources));
        assert!(!Credential::Header("X-Twice".to_owned()).may_be_present(sources));
        assert!(Credential::Cookie("sid".to_owned()).may_be_present(sources));
        assert!(!Credential::Cookie("key".to_owned()).may_be_present(sources));
    }
}
