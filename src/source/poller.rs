//! Asking an origin for its contract, time and again.
//!
//! When to ask is decided in `schedule`; here it is waited for and done. A content that comes again
//! is no news, whatever its tag says.

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

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    /// The pause between two requests.
    pub every: Duration,
    /// The longest time for one request.
    pub timeout: Duration,
    /// The largest content, in bytes.
    pub bytes_max: u64,
}

/// Asks an origin. The first request is made at once.
#[derive(Debug)]
pub struct Poller {
    origin: ContractOrigin,
    asks: PollTransport,
    limits: FetchLimits,
    schedule: PollSchedule,
    /// When the next request is due; nothing before the first.
    due: Option<Instant>,
    asked: Arc<Notify>,
    /// The tag of the last content, if it had one.
    etag: Option<String>,
    /// The hash of the last content.
    known: Option<[u8; 32]>,
}

/// What asks an origin.
#[derive(Debug)]
enum PollTransport {
    File(PathBuf),
    Http(HttpFetcher, RemoteUrl),
    S3(S3Clients, S3Location),
}

/// Makes a poller ask without waiting. Clones ask the same one.
#[derive(Clone, Debug)]
pub struct PollTrigger(Arc<Notify>);

/// Why an origin gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileReadError),
    /// An address gives nothing.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// An object cannot be had.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl Poller {
    /// A poller for an origin. A file can be polled too; what watches it notices sooner, and knows
    /// the files beside it.
    ///
    /// # Errors
    /// [`RemoteError::Tls`] where the origin is an address and the system has no certificates.
    pub fn new(
        origin: ContractOrigin,
        buckets: &S3Clients,
        policy: PollPolicy,
    ) -> Result<Self, SourceError> {
        let transport = match &origin {
            ContractOrigin::File(path) => PollTransport::File(path.clone()),
            ContractOrigin::Http(url) => PollTransport::Http(HttpFetcher::new()?, url.clone()),
            ContractOrigin::S3(place) => PollTransport::S3(buckets.clone(), place.clone()),
        };
        Ok(Self {
            origin,
            asks: transport,
            limits: FetchLimits {
                bytes_max: policy.bytes_max,
                timeout: policy.timeout,
            },
            schedule: PollSchedule::new(policy.every),
            due: None,
            asked: Arc::new(Notify::new()),
            etag: None,
            known: None,
        })
    }

    /// A handle to ask out of turn.
    #[must_use]
    pub fn trigger(&self) -> PollTrigger {
        PollTrigger(Arc::clone(&self.asked))
    }

    /// What is asked.
    #[must_use]
    pub const fn origin(&self) -> &ContractOrigin {
        &self.origin
    }

    /// Waits until a request is due, or wanted, and makes it. A content is new where its bytes
    /// differ from those that came last. Can be dropped at any time: a request that was under way
    /// is made again by the next call, and a pause goes on.
    ///
    /// # Errors
    /// [`SourceError`]; the next call waits longer and asks again.
    pub async fn next(&mut self) -> Result<FetchOutcome, SourceError> {
        if let Some(due) = self.due {
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.asked.notified() => {
                    // So that the request is still wanted when this call is dropped.
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
            // What comes after a failure is news, if only that all is well again.
            self.reset();
        }
        self.due = Some(Instant::now() + pause);
        fetched.map(|fetched| self.deduplicate(fetched))
    }

    /// Takes whatever comes next for news.
    pub fn reset(&mut self) {
        self.etag = None;
        self.known = None;
    }

    async fn fetch(&self) -> Result<FetchOutcome, SourceError> {
        let known = self.etag.as_deref();
        let known = known.filter(|_| self.schedule.is_conditional());
        match &self.asks {
            PollTransport::Http(remote, url) => Ok(remote.fetch(url, known, self.limits).await?),
            PollTransport::S3(buckets, place) => {
                Ok(buckets.fetch(place, known, self.limits).await?)
            }
            PollTransport::File(path) => Ok(FetchOutcome::New {
                bytes: read(path, self.limits.bytes_max)?,
                etag: None,
                version: None,
                max_age: None,
            }),
        }
    }

    /// Remembers a content; one that is known already is no news.
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
        if self.known == hash {
            return FetchOutcome::Unchanged { max_age: *max_age };
        }
        self.known = hash;
        fetched
    }
}

impl PollTrigger {
    /// Has the next request made at once. One that is under way is followed by another.
    pub fn fire(&self) {
        self.0.notify_one();
    }
}

impl SourceError {
    /// How long not to ask again, where the server says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Remote(error) => error.retry_after(),
            Self::Read(_) | Self::Object(_) => None,
        }
    }
}
