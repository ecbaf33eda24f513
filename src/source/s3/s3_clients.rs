//! Reading objects of S3-compatible storage, bounded in size and time.
//!
//! Region, endpoint and credentials come from the variables that every such program reads:
//! `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on, or the role that a container
//! or a machine was given. An `http` endpoint needs `AWS_ALLOW_HTTP=true`. Nothing is repeated
//! here: who asks decides when to ask again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, GetOptions, ObjectStore, RetryConfig};

use super::error::ObjectError;
use crate::source::contract_origin::S3Location;
use crate::source::http_fetcher::{FetchLimits, FetchOutcome, root_cause};
use crate::tls;

/// What reads objects: one client for each bucket, which keeps credentials until they expire.
/// Clones share them.
#[derive(Clone)]
pub struct S3Clients {
    /// The variables that say where the storage is and who asks.
    variables: Arc<Vec<(String, String)>>,
    clients: Arc<Mutex<HashMap<String, Arc<AmazonS3>>>>,
}

impl S3Clients {
    /// With the variables of the environment.
    #[must_use]
    pub fn from_env() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::with(variables)
    }

    /// With these variables instead; those that do not begin with `AWS_` are no matter.
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

    /// Reads an object, unless it is still what the tag stands for. Runs on a tokio runtime with
    /// I/O and time.
    ///
    /// # Errors
    /// [`ObjectError`] names the object, what went wrong and what to check.
    pub async fn fetch(
        &self,
        place: &S3Location,
        known: Option<&str>,
        limits: FetchLimits,
    ) -> Result<FetchOutcome, ObjectError> {
        let client = self.client(&place.bucket)?;
        let fetching = fetch(&client, place, known, limits.bytes_max);
        let fetched = tokio::time::timeout(limits.timeout, fetching).await;
        fetched.unwrap_or_else(|_| {
            Err(ObjectError::Timeout {
                place: place.clone(),
                timeout: limits.timeout,
            })
        })
    }

    /// The client of a bucket, made when it is needed first.
    pub(in crate::source) fn client(&self, bucket: &str) -> Result<Arc<AmazonS3>, ObjectError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(bucket) {
            return Ok(Arc::clone(client));
        }
        tls::install_provider();
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
        // The whole of a fetch has a bound of its own.
        let options = ClientOptions::new().with_timeout_disabled();
        let mut builder = AmazonS3Builder::new()
            .with_client_options(options)
            .with_retry(once);
        for (name, value) in self.variables.iter() {
            // Most variables of that prefix are for other programs.
            if let Ok(key) = name.to_ascii_lowercase().parse() {
                builder = builder.with_config(key, value);
            }
        }
        builder
    }
}

async fn fetch(
    client: &AmazonS3,
    place: &S3Location,
    known: Option<&str>,
    bytes_max: u64,
) -> Result<FetchOutcome, ObjectError> {
    let too_large = || ObjectError::TooLarge {
        place: place.clone(),
        bytes_max,
    };
    let failed = |error: object_store::Error| failure(place, &error);
    let path = Path::parse(&place.key).map_err(|error| failed(error.into()))?;
    let options = GetOptions {
        if_none_match: known.map(str::to_owned),
        version: place.version.clone(),
        ..GetOptions::default()
    };
    let found = match client.get_opts(&path, options).await {
        Err(object_store::Error::NotModified { .. }) if known.is_some() => {
            return Ok(FetchOutcome::Unchanged { max_age: None });
        }
        found => found.map_err(failed)?,
    };
    // No more than announced can follow.
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

/// What an error of the crate means.
pub(super) fn failure(place: &S3Location, error: &object_store::Error) -> ObjectError {
    let place = place.clone();
    let text = root_cause(error);
    let code = between(&text, "<Code>", "</Code>");
    let status = between(&text, "status code: ", ":");
    let reason = match (status, code) {
        (Some(status), Some(code)) => format!("{code} ({status})"),
        (Some(status), None) => format!("status {status}"),
        (None, _) => text.clone(),
    };
    match (error, code) {
        (_, Some("NoSuchBucket")) => ObjectError::NoBucket { place },
        (_, Some("NoSuchKey" | "NoSuchVersion")) | (object_store::Error::NotFound { .. }, _) => {
            ObjectError::NoObject { place }
        }
        (
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. },
            _,
        ) => ObjectError::Denied { place, reason },
        _ => ObjectError::Failed { place, reason },
    }
}

/// The code that the storage gives its error.
pub(super) fn code_of(error: &object_store::Error) -> Option<String> {
    between(&root_cause(error), "<Code>", "</Code>").map(str::to_owned)
}

/// What stands between two marks. The crate's error of an answer has no other way to its parts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

impl fmt::Debug for S3Clients {
    /// Without the variables, where secrets stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_storage_says_is_taken_apart() {
        let text = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>A</Code>";
        assert_eq!(between(text, "<Code>", "</Code>"), Some("A"));
        assert_eq!(between(text, "status code: ", ":"), Some("403 Forbidden"));
        assert_eq!(between(text, "<Key>", "</Key>"), None);
    }

    #[test]
    fn settings_that_do_not_fit_are_said() {
        let variable = |name: &str| (name.to_owned(), "secret".to_owned());
        let buckets = S3Clients::with([variable("AWS_SECRET_ACCESS_KEY"), variable("OTHER")]);
        let error = buckets.client("a").unwrap_err().to_string();
        assert_eq!(
            error,
            "s3://a: cannot be asked: Missing AccessKeyId; check the AWS_* variables"
        );
        assert_eq!(format!("{buckets:?}"), "Buckets { .. }");
        assert_eq!(buckets.variables.len(), 1);
    }

    #[test]
    fn a_bucket_has_one_client() {
        let buckets = S3Clients::with([]);
        let another = buckets.clone();
        let one = buckets.client("a").unwrap();
        assert!(Arc::ptr_eq(&one, &another.client("a").unwrap()));
        assert!(!Arc::ptr_eq(&one, &buckets.client("b").unwrap()));
    }
}
