//! Notices changed files.
//!
//! A change is a different [`FileSignature`]. One is taken after each notification about a relevant
//! folder, and at a fixed interval in any case: not every file system sends notifications, and none
//! does for changes on other machines. So a missed notification delays a change but does not lose
//! it. Folders are watched instead of files, since files are replaced more often than written:
//! mounted ConfigMaps swap a symbolic link, editors rename.
//!
//! Access to a network file system can hang. It happens on threads for blocking work, so the
//! runtime is not blocked.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use portcullis_vocabulary::limits::{FILES_DEBOUNCE, FILES_DEBOUNCE_MAX};

use super::file_signature::{FileId, FileSignature};

/// How long notifications are collected: one change causes many, and a folder may hold many
/// unrelated files.
const NOTIFICATION_DEBOUNCE: Duration = Duration::from_millis(20);

/// Watches a set of files. Only [`changed`](Self::changed) needs a tokio runtime, with time.
#[derive(Debug)]
pub struct FileWatch {
    files: Vec<PathBuf>,
    /// The state that was last reported to the caller.
    seen: FileSignature,
    poll: Duration,
    folders: Arc<Mutex<FolderWatches>>,
    wakeup: Arc<Notify>,
}

/// The folders with notifications.
#[derive(Debug)]
struct FolderWatches {
    /// Absent if the system provides no notifications; files are only polled then.
    watcher: Option<RecommendedWatcher>,
    /// Each path, with the identity of its folder when the watch began.
    watched: BTreeMap<PathBuf, Option<(u64, u64)>>,
}

impl FileWatch {
    /// Watches these files from now on, and polls them at this interval.
    #[must_use]
    pub fn new(files: Vec<PathBuf>, poll: Duration) -> Self {
        let wakeup = Arc::new(Notify::new());
        let folders = Arc::new(Mutex::new(FolderWatches::new(&wakeup)));
        let seen = sign_and_watch(&folders, &files);
        Self {
            files,
            seen,
            poll,
            folders,
            wakeup,
        }
    }

    /// Watches another set of files. Files of the old set are compared with their state at the last
    /// return of [`changed`](Self::changed), so no change since then is lost; new files are compared
    /// with their current state. A caller that has read the new files before must read them again
    /// after this call, or compare a [`FileSignature`] taken before reading.
    pub fn watch(&mut self, files: Vec<PathBuf>) {
        self.seen = self
            .seen
            .carried_over(sign_and_watch(&self.folders, &files));
        self.files = files;
    }

    /// Returns when a file has changed since the last return and the files are stable again, or
    /// the maximum wait for that has passed. Cancel-safe: a dropped call loses no change.
    pub async fn changed(&mut self) {
        loop {
            let now = self.take_signature().await;
            if now != self.seen {
                self.seen = self.debounce(now).await;
                return;
            }
            tokio::select! {
                () = self.wakeup.notified() => sleep(NOTIFICATION_DEBOUNCE).await,
                () = sleep(self.poll) => {}
            }
        }
    }

    /// Waits until the files are stable, up to a maximum.
    async fn debounce(&self, mut last: FileSignature) -> FileSignature {
        let deadline = Instant::now() + FILES_DEBOUNCE_MAX;
        loop {
            sleep(FILES_DEBOUNCE).await;
            let now = self.take_signature().await;
            if now == last || Instant::now() >= deadline {
                return now;
            }
            last = now;
        }
    }

    /// The current state of the files. Their folders are watched before it is taken.
    async fn take_signature(&self) -> FileSignature {
        let (folders, files) = (Arc::clone(&self.folders), self.files.clone());
        let taken = spawn_blocking(move || sign_and_watch(&folders, &files)).await;
        // This fails only while the runtime shuts down.
        taken.unwrap_or_else(|_| self.seen.clone())
    }
}

fn sign_and_watch(folders: &Mutex<FolderWatches>, files: &[PathBuf]) -> FileSignature {
    let mut folders = folders.lock().unwrap_or_else(PoisonError::into_inner);
    let signature = FileSignature::of(files);
    if folders.follow(&signature) {
        // Changes before the watches began caused no notification.
        return FileSignature::of(files);
    }
    signature
}

impl FolderWatches {
    fn new(wakeup: &Arc<Notify>) -> Self {
        let wakeup = Arc::clone(wakeup);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file does not change it. An error may hide a change.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                wakeup.notify_one();
            }
        });
        if let Err(error) = &watcher {
            tracing::info!(
                "files are polled only, as the system provides no notifications: {error}"
            );
        }
        Self {
            watcher: watcher.ok(),
            watched: BTreeMap::new(),
        }
    }

    /// Watches exactly the folders of this signature; returns whether a watch began.
    fn follow(&mut self, signature: &FileSignature) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let identity = |folder: &PathBuf| {
            let metadata = fs::metadata(folder).ok();
            metadata.map(|metadata| FileId::of(&metadata).identity())
        };
        let folders = signature.folders();
        let current: BTreeMap<_, _> = folders
            .into_iter()
            .map(|folder| {
                let identity = identity(&folder);
                (folder, identity)
            })
            .collect();
        for (folder, identity) in &self.watched {
            if current.get(folder) != Some(identity) {
                // This fails if the folder was removed, which ended its watch.
                let _ = watcher.unwatch(folder);
            }
        }
        let mut has_begun = false;
        for (folder, identity) in &current {
            if self.watched.get(folder) == Some(identity) {
                continue;
            }
            has_begun = true;
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                let folder = folder.display();
                tracing::info!("{folder}: polled only, as it cannot be watched: {error}");
            }
        }
        self.watched = current;
        has_begun
    }
}
