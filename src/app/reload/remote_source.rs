//! A contract at a URL: polled regularly, and cached for a startup without the source. Its overlays
//! are files, and a change of one makes the last content new again.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::admin::RevisionResult;
use crate::source::{
    ContractCache, ContractOrigin, FetchOutcome, FileWatch, FileWatcher, PollPolicy, Poller,
    S3Clients,
};
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
    /// Why the last fetch failed, if it did.
    failure: Option<String>,
    overlays: Option<WatchedOverlays>,
}

/// The overlays of a contract at a URL.
#[derive(Debug)]
struct WatchedOverlays {
    files: Vec<PathBuf>,
    watch: FileWatch,
    /// Whether the watch has begun.
    is_watched: bool,
    /// The last content, which they change.
    content: Option<Vec<u8>>,
}

impl RemoteSource {
    /// `is_cached` says whether good content is cached for a startup without the source.
    pub(super) fn new(
        address: &str,
        service: &ServiceConfig,
        watcher: &FileWatcher,
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
            failure: None,
            overlays: WatchedOverlays::of(service, watcher),
        }
    }

    /// The URL without credentials.
    pub(super) fn display_name(&self) -> String {
        self.display_name.clone()
    }

    /// Waits until a poll is due and fetches, or until an overlay changed. Cancel safe.
    pub(super) async fn next(&mut self) -> ContractFetch {
        self.begin_overlays().await;
        let is_first = self.is_first;
        let poll = async {
            match &mut self.poller {
                Ok(poller) => poller.next().await.map_err(|error| error.to_string()),
                Err(problem) if is_first => Err(problem.clone()),
                // An invalid address stays invalid.
                Err(_) => std::future::pending().await,
            }
        };
        let overlaid = WatchedOverlays::changed(self.overlays.as_mut());
        tokio::select! {
            fetched = poll => self.fetched(fetched),
            bytes = overlaid => self.overlaid(bytes),
        }
    }

    fn overlaid(&mut self, bytes: Vec<u8>) -> ContractFetch {
        match &self.failure {
            None => self.new_content(bytes),
            Some(problem) => ContractFetch::Cached {
                name: self.display_name(),
                problem: format!("{problem}; the overlays change the content that was last read"),
                bytes,
            },
        }
    }

    fn fetched(&mut self, fetched: Result<FetchOutcome, String>) -> ContractFetch {
        self.failure = fetched.as_ref().err().cloned();
        match fetched {
            Ok(FetchOutcome::New { bytes, .. }) => {
                self.is_first = false;
                self.new_content(bytes)
            }
            Ok(FetchOutcome::Unchanged { .. }) => ContractFetch::Unchanged,
            Err(problem) => self.load_cached(problem),
        }
    }

    fn new_content(&mut self, bytes: Vec<u8>) -> ContractFetch {
        self.last = self.cache.is_some().then(|| bytes.clone());
        self.keep_for_overlays(&bytes);
        ContractFetch::New {
            name: self.display_name(),
            bytes,
        }
    }

    /// Watches the overlays from before they are read for the first time.
    async fn begin_overlays(&mut self) {
        if let Some(overlays) = self.overlays.as_mut().filter(|one| !one.is_watched) {
            overlays.watch.watch(overlays.files.clone()).await;
            overlays.is_watched = true;
        }
    }

    fn keep_for_overlays(&mut self, bytes: &[u8]) {
        if let Some(overlays) = &mut self.overlays {
            overlays.content = Some(bytes.to_vec());
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
            Some((bytes, age)) => {
                self.keep_for_overlays(&bytes);
                ContractFetch::Cached {
                    name: self.display_name(),
                    bytes,
                    problem: format!(
                        "{problem}; the contract cached {} s ago is active",
                        age.as_secs()
                    ),
                }
            }
            None => ContractFetch::Failed(problem),
        }
    }
}

impl WatchedOverlays {
    fn of(service: &ServiceConfig, watcher: &FileWatcher) -> Option<Self> {
        (!service.overlays.is_empty()).then(|| Self {
            files: service.overlays.clone(),
            watch: watcher.watch_nothing(service.reload.poll),
            is_watched: false,
            content: None,
        })
    }

    /// Waits until an overlay changed, and returns the content that it changes. Cancel safe.
    async fn changed(overlays: Option<&mut Self>) -> Vec<u8> {
        let Some(overlays) = overlays else {
            return std::future::pending().await;
        };
        loop {
            overlays.watch.changed().await;
            if let Some(content) = &overlays.content {
                return content.clone();
            }
        }
    }
}
