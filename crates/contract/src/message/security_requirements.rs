//! Security requirements: the credentials that a contract requires.
//!
//! Only the presence and the form of credentials are checked; verifying a token needs its issuer's
//! keys. A list of requirements is an OR of requirements, each an AND of schemes. `{}` allows
//! anonymous requests, and an operation's list replaces the document's (OpenAPI 3.0.4 and 3.1.1,
//! Security Requirement Object).

use std::collections::HashMap;

use http::header::{AUTHORIZATION, HeaderMap};

use super::parameter::{RawPairs, decode_form};
use super::violation::MessagePart;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::{follow, resolve};

/// The requirements of one operation. Empty if no credentials are required.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecurityRequirements {
    alternatives: Vec<Vec<Credential>>,
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
            Self::Header(name) => sources
                .headers
                .get(name.as_str())
                .is_some_and(|value| !value.is_empty()),
            Self::Query(name) => has_value(sources.query, name, true),
            Self::Cookie(name) => has_value(sources.cookies, name, false),
            Self::Basic => credentials(sources.headers, "basic").is_some_and(is_token),
            Self::Bearer => credentials(sources.headers, "bearer").is_some_and(is_token),
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

/// Whether a query or the cookies have a value for a name. Names in a query may be escaped.
fn has_value(pairs: RawPairs<'_>, name: &str, is_escaped: bool) -> bool {
    let is_named = |known: &str| {
        known == name || is_escaped && decode_form(known).is_ok_and(|known| known == name)
    };
    pairs
        .iter()
        .any(|(known, value)| is_named(known) && !value.is_empty())
}

/// Whether the credentials can be one token, as those of `basic` and `bearer` are (RFC 7617 section 2,
/// RFC 6750 section 2.1). More characters are allowed than there, because issuers use them, but no white
/// space; what they say is for the service to verify.
fn is_token(credentials: &str) -> bool {
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

/// The security schemes of the entry document, which requirements refer to by name (OpenAPI 3.1.1,
/// Appendix F).
#[derive(Debug)]
pub(crate) struct SecuritySchemes {
    by_name: HashMap<String, Result<Credential, String>>,
    takes_references: bool,
}

impl SecuritySchemes {
    /// Reads the schemes that the entry document declares.
    pub(crate) fn of(documents: &DocumentSet) -> Self {
        let entry = documents.entry_ref();
        let declared = documents
            .node(entry)
            .get("components")
            .and_then(|components| components.get("securitySchemes"));
        let members = declared.into_iter().flat_map(|schemes| schemes.members());
        let by_name = members.map(|(name, scheme)| {
            let node_ref = DocumentSet::node_ref(entry, scheme);
            let credential = match follow(documents, node_ref) {
                Ok(target) => credential(documents, target),
                Err((_, error)) => Err(error.to_string()),
            };
            (name.to_owned(), credential)
        });
        Self {
            by_name: by_name.collect(),
            takes_references: Dialect::of(documents.node(entry)) == Ok(Dialect::V32),
        }
    }

    /// Whether the contract declares none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The scheme that a URI reference leads to, which a name may be in OpenAPI 3.2 (OpenAPI 3.2.0,
    /// Security Requirement Object, `{name}`).
    fn by_reference(
        &self,
        documents: &DocumentSet,
        at: NodeRef,
        name: &str,
    ) -> Option<Result<Credential, String>> {
        let is_reference = self.takes_references && name.contains(['#', '/', '.']);
        is_reference.then(|| {
            let target = resolve(documents, at, name).map_err(|error| error.to_string())?;
            let target = follow(documents, target).map_err(|(_, error)| error.to_string())?;
            credential(documents, target)
        })
    }

    /// The requirements in the list at `list`.
    ///
    /// Each scheme that cannot be read is added to `faults`, with the requirement that names it and
    /// what is wrong. It stays a requirement: ignoring it would remove one.
    pub(crate) fn requirements(
        &self,
        documents: &DocumentSet,
        list: NodeRef,
        faults: &mut Vec<(NodeRef, String)>,
    ) -> SecurityRequirements {
        let mut alternatives = Vec::new();
        for requirement in documents.node(list).elements() {
            let at = DocumentSet::node_ref(list, requirement);
            let mut all = Vec::new();
            if !requirement.is_object() {
                let message = "a security requirement must be an object, such as `{api_key: []}`";
                faults.push((at, message.to_owned()));
                all.push(Credential::Unreadable(at));
            }
            for (name, _) in requirement.members() {
                let by_reference = || self.by_reference(documents, at, name);
                let message = match self.by_name.get(name).cloned().or_else(by_reference) {
                    Some(Ok(credential)) => {
                        all.push(credential);
                        continue;
                    }
                    Some(Err(reason)) => format!("`{name}`: {reason}"),
                    None => {
                        let place = if documents.is_swagger() {
                            "securityDefinitions"
                        } else {
                            "components.securitySchemes"
                        };
                        format!("`{name}` is not among `{place}` of the entry document")
                    }
                };
                faults.push((at, message));
                all.push(Credential::Unreadable(at));
            }
            if all.is_empty() {
                // `{}` allows anonymous requests, so nothing is required.
                return SecurityRequirements::default();
            }
            alternatives.push(all);
        }
        SecurityRequirements {
            alternatives,
            node_ref: Some(list),
        }
    }
}

fn credential(documents: &DocumentSet, node_ref: NodeRef) -> Result<Credential, String> {
    let scheme = documents.node(node_ref);
    let text = |name: &str| scheme.get(name).and_then(|value| value.as_str());
    match text("type") {
        Some("apiKey") => {
            let name = text("name")
                .ok_or("an `apiKey` scheme needs `name`")?
                .to_owned();
            match text("in") {
                Some("header") => Ok(Credential::Header(name)),
                Some("query") => Ok(Credential::Query(name)),
                Some("cookie") => Ok(Credential::Cookie(name)),
                _ => Err("`in` must be query, header or cookie".to_owned()),
            }
        }
        Some("http") => {
            let scheme = text("scheme").ok_or("an `http` scheme needs `scheme`")?;
            Ok(match scheme.to_ascii_lowercase().as_str() {
                "basic" => Credential::Basic,
                "bearer" => Credential::Bearer,
                _ => Credential::Scheme(scheme.to_owned()),
            })
        }
        Some("oauth2" | "openIdConnect") => Ok(Credential::Bearer),
        Some("mutualTLS") => Ok(Credential::Certificate),
        _ => Err("`type` must be apiKey, http, oauth2, openIdConnect or mutualTLS".to_owned()),
    }
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
        check(&Credential::Basic, "Basic a b", false);
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
            query: RawPairs::of_query("key=1&empty=&a%20b=1", &mut query),
            cookies: RawPairs::of_cookies("sid=1", &mut cookies),
        };
        assert!(Credential::Header("X-Key".to_owned()).may_be_present(sources));
        assert!(Credential::Query("key".to_owned()).may_be_present(sources));
        assert!(Credential::Query("a b".to_owned()).may_be_present(sources));
        assert!(!Credential::Query("empty".to_owned()).may_be_present(sources));
        assert!(Credential::Cookie("sid".to_owned()).may_be_present(sources));
        assert!(!Credential::Cookie("key".to_owned()).may_be_present(sources));
    }
}
