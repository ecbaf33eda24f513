//! A contract at a URL: polled regularly, and cached for a startup without the source.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::admin::RevisionResult;
use crate::source::{ContractCache, ContractOrigin, FetchOutcome, PollPolicy, Poller, S3Clients};
use portcullis_config::ServiceConfig;

use super::revision_history::RevisionEvent;

/// The time limit of one fetch: the largest contracts take seconds on a slow connection.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a fetch.
#[derive(Debug)]
pub(super) enum ContractFetch {
    /// The content is new.
    New { name: String, bytes: Vec<u8> },
    /// The content is the same as before.
    Unchanged,
    /// The fetch failed for this reason; the cached contract is used.
    Cached {
        name: String,
        bytes: Vec<u8>,
        problem: String,
    },
    /// The fetch failed for this reason.
    Failed(String),
}

/// The URL of a contract, with its poller and its cache.
#[derive(Debug)]
pub(super) struct RemoteSource {
    service: String,
    display_name: String,
    /// Distinguishes the URL from others in the cache.
    tag: String,
    poller: Result<Poller, String>,
    cache: Option<ContractCache>,
    /// Whether nothing has been loaded yet, neither from the URL nor from the cache.
    is_first: bool,
    /// The last content, to be cached if it becomes active.
    last: Option<Vec<u8>>,
}

impl RemoteSource {
    /// `is_cached` says whether good content is cached for a startup without the source.
    pub(super) fn new(
        address: &str,
        service: &ServiceConfig,
        is_cached: bool,
        bytes_max: usize,
    ) -> Self {
        let bytes_max = bytes_max as u64;
        let policy = PollPolicy {
            every: service.reload.poll,
            timeout: TIMEOUT,
            bytes_max,
        };
        let origin = address
            .parse::<ContractOrigin>()
            .map_err(|error| error.to_string());
        let display_name = match &origin {
            Ok(origin) => origin.to_string(),
            Err(_) => "an invalid address".to_owned(),
        };
        let tag = origin.as_ref().map(ContractOrigin::tag).unwrap_or_default();
        let poller = origin.and_then(|origin| {
            Poller::new(origin, &S3Clients::from_env(), policy).map_err(|error| error.to_string())
        });
        let cache = service.reload.cache.as_ref().filter(|_| is_cached);
        Self {
            service: service.name.clone(),
            display_name,
            tag,
            poller,
            cache: cache.map(|folder| ContractCache::new(folder, bytes_max)),
            is_first: true,
            last: None,
        }
    }

    /// The URL without credentials.
    pub(super) fn display_name(&self) -> String {
        self.display_name.clone()
    }

    /// Waits until a poll is due and fetches. Cancel safe.
    pub(super) async fn next(&mut self) -> ContractFetch {
        let fetched = match &mut self.poller {
            Ok(poller) => poller.next().await.map_err(|error| error.to_string()),
            Err(problem) if self.is_first => Err(problem.clone()),
            // An invalid address stays invalid.
            Err(_) => std::future::pending().await,
        };
        match fetched {
            Ok(FetchOutcome::New { bytes, .. }) => {
                self.is_first = false;
                self.last = self.cache.is_some().then(|| bytes.clone());
                ContractFetch::New {
                    name: self.display_name(),
                    bytes,
                }
            }
            Ok(FetchOutcome::Unchanged { .. }) => ContractFetch::Unchanged,
            Err(problem) => self.load_cached(problem),
        }
    }

    /// Fetches now. `is_reset` forgets the last fetch, so unchanged content counts as new.
    pub(super) async fn fetch_now(&mut self, is_reset: bool) -> ContractFetch {
        match &mut self.poller {
            Ok(poller) => {
                if is_reset {
                    poller.reset();
                }
                poller.trigger().fire();
            }
            Err(problem) => return ContractFetch::Failed(problem.clone()),
        }
        self.next().await
    }

    /// Caches the last content if it is the active contract now.
    pub(super) async fn cache_if_active(&mut self, event: &RevisionEvent) {
        let (Some(bytes), Some(cache)) = (self.last.take(), &self.cache) else {
            return;
        };
        if !matches!(
            event.result,
            RevisionResult::Active | RevisionResult::Unchanged
        ) {
            return;
        }
        let (cache, service, tag) = (cache.clone(), self.service.clone(), self.tag.clone());
        let stored = spawn_blocking(move || cache.store(&service, &tag, &bytes)).await;
        if let Ok(Err(error)) = stored {
            let service = &self.service;
            tracing::warn!(service, %error, "cannot write the contract to the cache; check `reload.cache`");
        }
    }

    /// Removes what was cached, if anything was.
    pub(super) async fn remove_cached(&mut self) {
        let Some(cache) = self.cache.take() else {
            return;
        };
        let service = self.service.clone();
        // A file that cannot be removed is only left over.
        let _ = spawn_blocking(move || cache.remove(&service)).await;
    }

    fn load_cached(&mut self, problem: String) -> ContractFetch {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let cache = self.cache.as_ref().filter(|_| is_first);
        match cache.and_then(|cache| cache.load(&self.service, &self.tag)) {
            Some((bytes, age)) => ContractFetch::Cached {
                name: self.display_name(),
                bytes,
                problem: format!(
                    "{problem}; the contract cached {} s ago is active",
                    age.as_secs()
                ),
            },
            None => ContractFetch::Failed(problem),
        }
    }
}
