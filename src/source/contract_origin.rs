//! Where a contract is: in a file, at an HTTP address, or in S3-compatible storage.
//!
//! The scheme of the configured text decides; text without a scheme is a path. Displayed addresses
//! omit user, password and query, which can be secrets.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::http_fetcher::{RemoteError, RemoteUrl};
use super::sha256_hex::sha256_hex;

/// Where a contract is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractOrigin {
    /// A file, which may refer to other files.
    File(PathBuf),
    /// An `http` or `https` address.
    Http(RemoteUrl),
    /// An object in S3-compatible storage.
    S3(S3Location),
}

/// An object in S3-compatible storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The version to read; the newest if absent.
    pub version: Option<String>,
}

/// Why a text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// The text is empty.
    #[error("expected the path of a file, https://host/path or s3://bucket/key")]
    Empty,
    /// Standard input can be read only once.
    #[error(
        "expected the path of a file, https://host/path or s3://bucket/key, not standard input: it can be read only once"
    )]
    StandardInput,
    /// The scheme is not supported.
    #[error(
        "expected the path of a file, https://host/path or s3://bucket/key, found the scheme {0:?}"
    )]
    Scheme(String),
    /// The address is invalid.
    #[error("expected https://host/path: {0}")]
    Address(String),
    /// The object has no bucket, no key, or an unknown parameter.
    #[error("expected s3://bucket/key or s3://bucket/key?versionId=id: {0}")]
    Object(&'static str),
}

impl ContractOrigin {
    /// The identity of the origin in a cache. A query is included as its hash, so it is
    /// distinguished but not revealed.
    #[must_use]
    pub fn tag(&self) -> String {
        let query = match self {
            Self::Http(url) => url.query(),
            Self::File(_) | Self::S3(_) => None,
        };
        query.map_or_else(
            || self.to_string(),
            |query| format!("{self}?sha256={}", sha256_hex(query)),
        )
    }
}

impl FromStr for ContractOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text.split_once("://") {
            _ if text.trim().is_empty() => Err(OriginError::Empty),
            _ if text == "-" => Err(OriginError::StandardInput),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("s3") => {
                object(rest).map(Self::S3).map_err(OriginError::Object)
            }
            Some((scheme, _)) if is_http(scheme) => match text.parse() {
                Ok(url) => Ok(Self::Http(url)),
                Err(error) => Err(OriginError::Address(reason(&error))),
            },
            // A path may contain `://`, but hardly after a valid scheme.
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(OriginError::Scheme(scheme.to_owned()))
            }
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// The reason without advice, which this module gives.
fn reason(error: &RemoteError) -> String {
    match error {
        RemoteError::Address(reason) => reason.clone(),
        other => other.to_string(),
    }
}

/// Parses the text after `s3://`.
fn object(rest: &str) -> Result<S3Location, &'static str> {
    let (location, query) = match rest.split_once('?') {
        Some((location, query)) => (location, Some(query)),
        None => (rest, None),
    };
    let (bucket, key) = location.split_once('/').ok_or("the key is missing")?;
    if bucket.is_empty() {
        return Err("the bucket is missing");
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !bucket.bytes().all(is_name) {
        return Err("a bucket has letters, digits, dots and hyphens");
    }
    if key.is_empty() || key.ends_with('/') {
        return Err("the key is missing");
    }
    if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("a key has no empty part, and no part that is `.` or `..`");
    }
    let version = match query.map(|query| query.split_once('=')) {
        None => None,
        Some(Some(("versionId", id))) if !id.is_empty() && !id.contains('&') => Some(id.to_owned()),
        Some(_) => return Err("the only parameter is versionId"),
    };
    Ok(S3Location {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version,
    })
}

impl fmt::Display for ContractOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Http(url) => url.fmt(f),
            Self::S3(location) => location.fmt(f),
        }
    }
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)?;
        match &self.version {
            Some(version) => write!(f, "?versionId={version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn parses_and_displays_origins() {
        let check = |text: &str, kind: &str, shown: &str| {
            let (found, text) = match text.parse::<ContractOrigin>() {
                Ok(origin) => (match origin {
                    ContractOrigin::File(_) => "file",
                    ContractOrigin::Http(_) => "http",
                    ContractOrigin::S3(_) => "s3",
                }, origin.to_string()),
                Err(error) => ("error", error.to_string()),
            };
            assert_eq!((found, text.as_str()), (kind, shown));
        };
        check("a/b.yaml", "file", "a/b.yaml");
        check("./s3:/b.yaml", "file", "./s3:/b.yaml");
        check("C:\\a.yaml", "file", "C:\\a.yaml");
        check("https://u:p@a.example/b?t=s#f", "http", "https://a.example/b");
        check("HTTP://a.example/b", "http", "http://a.example/b");
        check("s3://a-b/c/d.yaml", "s3", "s3://a-b/c/d.yaml");
        check("s3://a/b?versionId=x.1", "s3", "s3://a/b?versionId=x.1");
        check("", "error", "expected the path of a file, https://host/path or s3://bucket/key");
        check("-", "error", "expected the path of a file, https://host/path or s3://bucket/key, not standard input: it can be read only once");
        check("ftp://a/b", "error", "expected the path of a file, https://host/path or s3://bucket/key, found the scheme \"ftp\"");
        check("https://", "error", "expected https://host/path: empty host");
        let object = |reason: &str| format!("expected s3://bucket/key or s3://bucket/key?versionId=id: {reason}");
        check("s3://a", "error", &object("the key is missing"));
        check("s3://a/", "error", &object("the key is missing"));
        check("s3:///b", "error", &object("the bucket is missing"));
        check("s3://u:p@a/b", "error", &object("a bucket has letters, digits, dots and hyphens"));
        check("s3://a/b//c", "error", &object("a key has no empty part, and no part that is `.` or `..`"));
        check("s3://a/b?version=1", "error", &object("the only parameter is versionId"));
        check("s3://a/b?versionId=", "error", &object("the only parameter is versionId"));
    }

    #[test]
    fn a_tag_distinguishes_queries_without_showing_them() {
        let tag = |text: &str| text.parse::<ContractOrigin>().unwrap().tag();
        assert_eq!(tag("s3://a/b?versionId=1"), "s3://a/b?versionId=1");
        assert_eq!(tag("https://a.example/b"), "https://a.example/b");
        let (one, two) = (
            tag("https://a.example/b?v=1"),
            tag("https://a.example/b?v=2"),
        );
        assert!(
            one.starts_with("https://a.example/b?sha256=") && one != two,
            "{one}"
        );
    }
}
