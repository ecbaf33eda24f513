//! Polls an origin for its contract.
//!
//! `poll_schedule` decides when. Content that did not change is not reported as new, even if its
//! `ETag` changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::contract_origin::{ContractOrigin, S3Location};
use super::file_read::{FileReadError, read};
use super::http_fetcher::{FetchLimits, FetchOutcome, HttpFetcher, RemoteError, RemoteUrl};
use super::poll_schedule::PollSchedule;
use super::s3::{ObjectError, S3Clients};

/// How an origin is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    /// The interval between two requests.
    pub every: Duration,
    /// The time limit of one request.
    pub timeout: Duration,
    /// The maximum size of the content in bytes.
    pub bytes_max: u64,
}

/// Polls an origin. The first request is made immediately.
#[derive(Debug)]
pub struct Poller {
    origin: ContractOrigin,
    transport: PollTransport,
    limits: FetchLimits,
    schedule: PollSchedule,
    /// When the next request is due; `None` before the first.
    due: Option<Instant>,
    trigger: Arc<Notify>,
    /// The `ETag` of the last content, if it had one.
    etag: Option<String>,
    /// The hash of the last content.
    hash: Option<[u8; 32]>,
}

/// How an origin is read.
#[derive(Debug)]
enum PollTransport {
    File(PathBuf),
    Http(HttpFetcher, RemoteUrl),
    S3(S3Clients, S3Location),
}

/// Makes a poller send its next request immediately. Clones trigger the same poller.
#[derive(Clone, Debug)]
pub struct PollTrigger(Arc<Notify>);

/// Why an origin cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// An address cannot be fetched.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// An object cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl Poller {
    /// A poller for an origin. It also polls files, but a [`FileWatch`](super::FileWatch) notices
    /// changes sooner and knows the files that a contract refers to.
    ///
    /// # Errors
    /// [`RemoteError::Tls`] if the origin is an address and the system has no certificates.
    pub fn new(
        origin: ContractOrigin,
        buckets: &S3Clients,
        policy: PollPolicy,
    ) -> Result<Self, SourceError> {
        let transport = match &origin {
            ContractOrigin::File(path) => PollTransport::File(path.clone()),
            ContractOrigin::Http(url) => PollTransport::Http(HttpFetcher::new()?, url.clone()),
            ContractOrigin::S3(location) => PollTransport::S3(buckets.clone(), location.clone()),
        };
        Ok(Self {
            origin,
            transport,
            limits: FetchLimits {
                bytes_max: policy.bytes_max,
                timeout: policy.timeout,
            },
            schedule: PollSchedule::new(policy.every),
            due: None,
            trigger: Arc::new(Notify::new()),
            etag: None,
            hash: None,
        })
    }

    /// A handle that triggers a request before it is due.
    #[must_use]
    pub fn trigger(&self) -> PollTrigger {
        PollTrigger(Arc::clone(&self.trigger))
    }

    /// The origin.
    #[must_use]
    pub const fn origin(&self) -> &ContractOrigin {
        &self.origin
    }

    /// Waits until a request is due or triggered, and makes it. Content is new if its bytes differ
    /// from the last content. Cancel-safe: the next call repeats an unfinished request and continues
    /// a pause.
    ///
    /// # Errors
    /// [`SourceError`]; the next call waits longer and tries again.
    pub async fn next(&mut self) -> Result<FetchOutcome, SourceError> {
        if let Some(due) = self.due {
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.trigger.notified() => {
                    // Keeps the request due if this call is dropped.
                    self.due = Some(Instant::now());
                }
            }
        }
        let fetched = self.fetch().await;
        let random = fastrand::f64();
        let pause = match &fetched {
            Ok(FetchOutcome::New { max_age, .. } | FetchOutcome::Unchanged { max_age }) => {
                self.schedule.after_answer(*max_age, random)
            }
            Err(error) => self.schedule.after_failure(error.retry_after(), random),
        };
        if fetched.is_err() {
            // The next content is reported as new even if it is equal, which ends the failure.
            self.reset();
        }
        self.due = Some(Instant::now() + pause);
        fetched.map(|fetched| self.deduplicate(fetched))
    }

    /// Reports the next content as new, even if it is equal to the last.
    pub fn reset(&mut self) {
        self.etag = None;
        self.hash = None;
    }

    async fn fetch(&self) -> Result<FetchOutcome, SourceError> {
        let known = self.etag.as_deref();
        let known = known.filter(|_| self.schedule.is_conditional());
        match &self.transport {
            PollTransport::Http(remote, url) => Ok(remote.fetch(url, known, self.limits).await?),
            PollTransport::S3(buckets, location) => {
                Ok(buckets.fetch(location, known, self.limits).await?)
            }
            PollTransport::File(path) => Ok(FetchOutcome::New {
                bytes: read(path, self.limits.bytes_max)?,
                etag: None,
                version: None,
                max_age: None,
            }),
        }
    }

    /// Remembers the content; equal content is unchanged.
    fn deduplicate(&mut self, fetched: FetchOutcome) -> FetchOutcome {
        let FetchOutcome::New {
            bytes,
            etag,
            max_age,
            ..
        } = &fetched
        else {
            return fetched;
        };
        self.etag.clone_from(etag);
        let hash = Some(Sha256::digest(bytes).into());
        if self.hash == hash {
            return FetchOutcome::Unchanged { max_age: *max_age };
        }
        self.hash = hash;
        fetched
    }
}

impl PollTrigger {
    /// Triggers a request. If one is in progress, another follows it.
    pub fn fire(&self) {
        self.0.notify_one();
    }
}

impl SourceError {
    /// The `Retry-After` of the server, if there is one.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Remote(error) => error.retry_after(),
            Self::Read(_) | Self::Object(_) => None,
        }
    }
}
