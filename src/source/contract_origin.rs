//! Where a contract is: a file, an address, or an object in S3-compatible storage.
//!
//! The text of the configuration decides by its scheme; whatever has none is a path. What is
//! shown leaves user, password and query out, since secrets stand there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::contract_cache::hex;
use super::http_fetcher::RemoteUrl;

/// A place that a contract is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractOrigin {
    /// A file, with the files beside it that it refers to.
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
    /// The one version to read, instead of the newest.
    pub version: Option<String>,
}

/// Why a text names no place. The messages say what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// There is no text.
    #[error("expected the path of a file, https://host/path or s3://bucket/key")]
    Empty,
    /// Standard input can be read once, and never again.
    #[error(
        "expected a place that can be read again: the path of a file, https://host/path or s3://bucket/key, not standard input"
    )]
    StandardInput,
    /// The scheme is none that can be read.
    #[error(
        "expected the path of a file, https://host/path or s3://bucket/key, found the scheme {0:?}"
    )]
    Scheme(String),
    /// The address cannot be read.
    #[error("expected https://host/path: {0}")]
    Address(String),
    /// The object has no bucket, no key, or an unknown parameter.
    #[error("expected s3://bucket/key or s3://bucket/key?versionId=id: {0}")]
    Object(&'static str),
}

impl ContractOrigin {
    /// Text that stands for the place in a cache. It differs where the query differs, and shows
    /// no more than what messages show.
    #[must_use]
    pub fn tag(&self) -> String {
        let query = match self {
            Self::Http(url) => url.query(),
            Self::File(_) | Self::S3(_) => None,
        };
        query.map_or_else(
            || self.to_string(),
            |query| format!("{self}?sha256={}", hex(&Sha256::digest(query))),
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
            // A path may hold `://`, though hardly after what could be a scheme.
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

/// The reason alone: what to write instead is said here.
fn reason(error: &super::RemoteError) -> String {
    match error {
        super::RemoteError::Address(reason) => reason.clone(),
        other => other.to_string(),
    }
}

fn object(rest: &str) -> Result<S3Location, &'static str> {
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let (bucket, key) = place.split_once('/').ok_or("the key is missing")?;
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
        return Err("a key has no empty part, and none that is `.` or `..`");
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
            Self::S3(place) => place.fmt(f),
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
    fn the_scheme_decides() {
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
        check("-", "error", "expected a place that can be read again: the path of a file, https://host/path or s3://bucket/key, not standard input");
        check("ftp://a/b", "error", "expected the path of a file, https://host/path or s3://bucket/key, found the scheme \"ftp\"");
        check("https://", "error", "expected https://host/path: empty host");
        let object = |reason: &str| format!("expected s3://bucket/key or s3://bucket/key?versionId=id: {reason}");
        check("s3://a", "error", &object("the key is missing"));
        check("s3://a/", "error", &object("the key is missing"));
        check("s3:///b", "error", &object("the bucket is missing"));
        check("s3://u:p@a/b", "error", &object("a bucket has letters, digits, dots and hyphens"));
        check("s3://a/b//c", "error", &object("a key has no empty part, and none that is `.` or `..`"));
        check("s3://a/b?version=1", "error", &object("the only parameter is versionId"));
        check("s3://a/b?versionId=", "error", &object("the only parameter is versionId"));
    }

    #[test]
    fn a_tag_tells_queries_apart_and_shows_none() {
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
