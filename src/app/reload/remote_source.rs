//! A contract at an address: asked time and again, and kept for a start without it.

use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::admin::RevisionResult;
use crate::config::ServiceConfig;
use crate::source::{ContractCache, ContractOrigin, FetchOutcome, PollPolicy, Poller, S3Clients};

use super::revision_history::RevisionEvent;

/// The longest time for one request: the largest contracts take seconds on a slow line.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What an address gave.
#[derive(Debug)]
pub(super) enum ContractFetch {
    /// Something else than before.
    New { name: String, bytes: Vec<u8> },
    /// The same as before.
    Unchanged,
    /// Nothing, for this reason; the last good contract was kept.
    Cached {
        name: String,
        bytes: Vec<u8>,
        problem: String,
    },
    /// Nothing, for this reason.
    Failed(String),
}

/// An address, and what is known of it.
#[derive(Debug)]
pub(super) struct RemoteSource {
    service: String,
    shown: String,
    /// Tells it from others in the cache.
    tag: String,
    poller: Result<Poller, String>,
    cache: Option<ContractCache>,
    /// Whether anything was got yet, from the address or from what was kept.
    is_first: bool,
    /// What came last, to be kept if it turns out to be good.
    last: Option<Vec<u8>>,
}

impl RemoteSource {
    /// `keeps` says whether what comes is kept for a start without it.
    pub(super) fn new(
        address: &str,
        service: &ServiceConfig,
        keeps: bool,
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
        let shown = match &origin {
            Ok(origin) => origin.to_string(),
            Err(_) => "an address that cannot be read".to_owned(),
        };
        let tag = origin.as_ref().map(ContractOrigin::tag).unwrap_or_default();
        let poller = origin.and_then(|origin| {
            Poller::new(origin, &S3Clients::from_env(), policy).map_err(|error| error.to_string())
        });
        let cache = service.reload.cache.as_ref().filter(|_| keeps);
        Self {
            service: service.name.clone(),
            shown,
            tag,
            poller,
            cache: cache.map(|folder| ContractCache::new(folder, bytes_max)),
            is_first: true,
            last: None,
        }
    }

    /// Where it is, without secrets.
    pub(super) fn display_name(&self) -> String {
        self.shown.clone()
    }

    /// Asks when it is time. Can be dropped at any time before it returns.
    pub(super) async fn next(&mut self) -> ContractFetch {
        let fetched = match &mut self.poller {
            Ok(poller) => poller.next().await.map_err(|error| error.to_string()),
            Err(problem) if self.is_first => Err(problem.clone()),
            // It will never be better.
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
            Err(problem) => self.kept(problem),
        }
    }

    /// Asks now; `is_anew` takes what comes for news, even if it is the same.
    pub(super) async fn fetch_now(&mut self, is_anew: bool) -> ContractFetch {
        match &mut self.poller {
            Ok(poller) => {
                if is_anew {
                    poller.reset();
                }
                poller.trigger().fire();
            }
            Err(problem) => return ContractFetch::Failed(problem.clone()),
        }
        self.next().await
    }

    /// Keeps what came last, if it is in force now.
    pub(super) async fn cache_if_active(&mut self, entry: &RevisionEvent) {
        let (Some(bytes), Some(cache)) = (self.last.take(), &self.cache) else {
            return;
        };
        if !matches!(
            entry.result,
            RevisionResult::InForce | RevisionResult::Unchanged
        ) {
            return;
        }
        let (cache, service, tag) = (cache.clone(), self.service.clone(), self.tag.clone());
        let from_cache = spawn_blocking(move || cache.store(&service, &tag, &bytes)).await;
        if let Ok(Err(error)) = from_cache {
            let service = &self.service;
            tracing::warn!(service, %error, "the contract cannot be kept for a start without its source; check `reload.cache`");
        }
    }

    fn kept(&mut self, problem: String) -> ContractFetch {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let cache = self.cache.as_ref().filter(|_| is_first);
        match cache.and_then(|cache| cache.load(&self.service, &self.tag)) {
            Some((bytes, age)) => ContractFetch::Cached {
                name: self.display_name(),
                bytes,
                problem: format!(
                    "{problem}; what was kept {} s ago is in force",
                    age.as_secs()
                ),
            },
            None => ContractFetch::Failed(problem),
        }
    }
}
