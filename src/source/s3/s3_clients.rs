//! Reads objects of S3-compatible storage with limits on size and time.
//!
//! Region, endpoint and credentials come from the usual variables: `AWS_REGION`,
//! `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on, or from the role of a container or machine. An
//! `http` endpoint needs `AWS_ALLOW_HTTP=true`. Requests are not retried here: the caller decides
//! when to try again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, GetOptions, ObjectStore, RetryConfig};

use super::object_error::ObjectError;
use crate::source::contract_origin::S3Location;
use crate::source::http_fetcher::{FetchLimits, FetchOutcome, root_cause};
use portcullis_tls::install_provider;

/// S3 clients, one for each bucket, which caches its credentials until they expire. Clones share
/// the clients.
#[derive(Clone)]
pub struct S3Clients {
    /// The variables with the endpoint and the credentials.
    variables: Arc<Vec<(String, String)>>,
    clients: Arc<Mutex<HashMap<String, Arc<AmazonS3>>>>,
}

impl S3Clients {
    /// Clients with the variables of the environment.
    #[must_use]
    pub fn from_env() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::with(variables)
    }

    /// Clients with these variables; those that do not begin with `AWS_` are ignored.
    pub fn with(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter();
        Self {
            variables: Arc::new(
                variables
                    .filter(|(name, _)| name.starts_with("AWS_"))
                    .collect(),
            ),
            clients: Arc::default(),
        }
    }

    /// Reads an object, unless its `ETag` is still the known one. Runs on a tokio runtime with
    /// I/O and time.
    ///
    /// # Errors
    /// [`ObjectError`] names the object, what went wrong and what to check.
    pub async fn fetch(
        &self,
        location: &S3Location,
        known: Option<&str>,
        limits: FetchLimits,
    ) -> Result<FetchOutcome, ObjectError> {
        let client = self.client(&location.bucket)?;
        let fetching = fetch(&client, location, known, limits.bytes_max);
        let fetched = tokio::time::timeout(limits.timeout, fetching).await;
        fetched.unwrap_or_else(|_| {
            Err(ObjectError::Timeout {
                location: location.clone(),
                timeout: limits.timeout,
            })
        })
    }

    /// The client of a bucket, created when it is first needed.
    pub(in crate::source) fn client(&self, bucket: &str) -> Result<Arc<AmazonS3>, ObjectError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(bucket) {
            return Ok(Arc::clone(client));
        }
        install_provider();
        let client = self.builder().with_bucket_name(bucket).build();
        let client = client
            .map(Arc::new)
            .map_err(|error| ObjectError::Settings {
                bucket: bucket.to_owned(),
                reason: root_cause(&error),
            })?;
        clients.insert(bucket.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    fn builder(&self) -> AmazonS3Builder {
        let once = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 0,
            retry_timeout: Duration::ZERO,
        };
        // Every request of this module has its own time limit.
        let options = ClientOptions::new().with_timeout_disabled();
        let mut builder = AmazonS3Builder::new()
            .with_client_options(options)
            .with_retry(once);
        for (name, value) in self.variables.iter() {
            // Unknown variables with this prefix are for other programs.
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        builder
    }
}

async fn fetch(
    client: &AmazonS3,
    location: &S3Location,
    known: Option<&str>,
    bytes_max: u64,
) -> Result<FetchOutcome, ObjectError> {
    let too_large = || ObjectError::TooLarge {
        location: location.clone(),
        bytes_max,
    };
    let failed = |error: object_store::Error| failure(location, &error);
    let path = Path::parse(&location.key).map_err(|error| failed(error.into()))?;
    let options = GetOptions {
        if_none_match: known.map(str::to_owned),
        version: location.version.clone(),
        ..GetOptions::default()
    };
    let found = match client.get_opts(&path, options).await {
        Err(object_store::Error::NotModified { .. }) if known.is_some() => {
            return Ok(FetchOutcome::Unchanged { max_age: None });
        }
        found => found.map_err(failed)?,
    };
    // The body cannot be longer than announced.
    if found.meta.size > bytes_max {
        return Err(too_large());
    }
    let (etag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
    let bytes = found.bytes().await.map_err(failed)?;
    Ok(FetchOutcome::New {
        bytes: bytes.into(),
        etag,
        version,
        max_age: None,
    })
}

/// Converts an error of the crate.
pub(super) fn failure(location: &S3Location, error: &object_store::Error) -> ObjectError {
    let location = location.clone();
    let text = root_cause(error);
    let code = between(&text, "<Code>", "</Code>");
    let status = between(&text, "status code: ", ":");
    let reason = match (status, code) {
        (Some(status), Some(code)) => format!("{code} ({status})"),
        (Some(status), None) => format!("status {status}"),
        (None, _) => text.clone(),
    };
    match (error, code) {
        (_, Some("NoSuchBucket")) => ObjectError::NoBucket { location },
        (_, Some("NoSuchKey" | "NoSuchVersion")) | (object_store::Error::NotFound { .. }, _) => {
            ObjectError::NoObject { location }
        }
        (
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. },
            _,
        ) => ObjectError::Denied { location, reason },
        _ => ObjectError::Failed { location, reason },
    }
}

/// The error code of the storage.
pub(super) fn code_of(error: &object_store::Error) -> Option<String> {
    between(&root_cause(error), "<Code>", "</Code>").map(str::to_owned)
}

/// The text between two marks. The errors of the crate give no other access to the parts of a
/// response.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

impl fmt::Debug for S3Clients {
    /// Without the variables, which contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Clients").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_error_responses() {
        let text = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>A</Code>";
        assert_eq!(between(text, "<Code>", "</Code>"), Some("A"));
        assert_eq!(between(text, "status code: ", ":"), Some("403 Forbidden"));
        assert_eq!(between(text, "<Key>", "</Key>"), None);
    }

    #[test]
    fn reports_inconsistent_settings() {
        let variable = |name: &str| (name.to_owned(), "secret".to_owned());
        let buckets = S3Clients::with([variable("AWS_SECRET_ACCESS_KEY"), variable("OTHER")]);
        let error = buckets.client("a").unwrap_err().to_string();
        assert_eq!(
            error,
            "s3://a: invalid settings: Missing AccessKeyId; check the AWS_* variables"
        );
        assert_eq!(format!("{buckets:?}"), "S3Clients { .. }");
        assert_eq!(buckets.variables.len(), 1);
    }

    #[test]
    fn caches_one_client_for_each_bucket() {
        let buckets = S3Clients::with([]);
        let another = buckets.clone();
        let one = buckets.client("a").unwrap();
        assert!(Arc::ptr_eq(&one, &another.client("a").unwrap()));
        assert!(!Arc::ptr_eq(&one, &buckets.client("b").unwrap()));
    }
}
