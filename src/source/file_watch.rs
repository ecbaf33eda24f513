//! Noticing that files changed.
//!
//! What decides is a [`FileSignature`], taken whenever the system tells of something in a folder that
//! matters, and in any case every while: not every file system tells, and none tells of what
//! happens on another machine. So a notification that is missed costs time, never a change.
//! Folders are watched rather than files, since files are replaced more often than written:
//! mounted ConfigMaps swap a link beside them, editors rename.
//!
//! Looking at files may hang with a network behind them; that happens on threads for blocking
//! work, and the runtime goes on.

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

/// How long to let notifications gather: one change makes many, and a folder may be full of
/// files that are no matter here.
const NOTIFICATION_DEBOUNCE: Duration = Duration::from_millis(20);

/// Watches a set of files. Needs a tokio runtime with time only where it waits.
#[derive(Debug)]
pub struct FileWatch {
    files: Vec<PathBuf>,
    /// The state that the caller knows of.
    seen: FileSignature,
    poll: Duration,
    folders: Arc<Mutex<FolderWatches>>,
    told: Arc<Notify>,
}

/// The folders that the system tells of.
#[derive(Debug)]
struct FolderWatches {
    /// Nothing where the system has no notifications left; then files are looked at only.
    watcher: Option<RecommendedWatcher>,
    /// With the folder that the path led to when the watch began.
    watched: BTreeMap<PathBuf, Option<(u64, u64)>>,
}

impl FileWatch {
    /// Watches these files as they are now, and looks at them every `poll` even if nothing is
    /// told.
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
            told: wakeup,
        }
    }

    /// Watches another set of files. Those watched already are compared with the state that
    /// [`changed`](Self::changed) returned at, so nothing that happened since is lost; those that
    /// are new, with their state now. Who read the new ones before this call reads them again
    /// after it, or compares a [`FileSignature`] taken before reading.
    pub fn watch(&mut self, files: Vec<PathBuf>) {
        self.seen = self
            .seen
            .carried_over(sign_and_watch(&self.folders, &files));
        self.files = files;
    }

    /// Returns when something may have changed since the last return, and the files have been
    /// quiet for a moment, or not for too long. Can be dropped at any time: what was noticed is
    /// noticed again.
    pub async fn changed(&mut self) {
        loop {
            let now = self.take_signature().await;
            if now != self.seen {
                self.seen = self.debounce(now).await;
                return;
            }
            tokio::select! {
                () = self.told.notified() => sleep(NOTIFICATION_DEBOUNCE).await,
                () = sleep(self.poll) => {}
            }
        }
    }

    /// Waits until the files stay as they are.
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

    /// The state of the files; the folders that matter now are watched from before it was taken.
    async fn take_signature(&self) -> FileSignature {
        let (folders, files) = (Arc::clone(&self.folders), self.files.clone());
        let looked = spawn_blocking(move || sign_and_watch(&folders, &files)).await;
        // It fails only where the runtime ends.
        looked.unwrap_or_else(|_| self.seen.clone())
    }
}

fn sign_and_watch(folders: &Mutex<FolderWatches>, files: &[PathBuf]) -> FileSignature {
    let mut folders = folders.lock().unwrap_or_else(PoisonError::into_inner);
    let signature = FileSignature::of(files);
    if folders.follow(&signature) {
        // What happened before the watches began was not told.
        return FileSignature::of(files);
    }
    signature
}

impl FolderWatches {
    fn new(told: &Arc<Notify>) -> Self {
        let told = Arc::clone(told);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is no change, and an error may hide one.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                told.notify_one();
            }
        });
        if let Err(error) = &watcher {
            tracing::info!("files are looked at, as the system does not tell of changes: {error}");
        }
        Self {
            watcher: watcher.ok(),
            watched: BTreeMap::new(),
        }
    }

    /// Watches the folders that matter, and no others; whether a watch began.
    fn follow(&mut self, signature: &FileSignature) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let identity = |folder: &PathBuf| {
            let metadata = fs::metadata(folder).ok();
            metadata.map(|metadata| FileId::of(&metadata).identity())
        };
        let folders = signature.folders();
        let wanted: BTreeMap<_, _> = folders
            .into_iter()
            .map(|folder| {
                let identity = identity(&folder);
                (folder, identity)
            })
            .collect();
        for (folder, identity) in &self.watched {
            if wanted.get(folder) != Some(identity) {
                // The folder may be gone, and its watch with it.
                let _ = watcher.unwatch(folder);
            }
        }
        let mut has_begun = false;
        for (folder, identity) in &wanted {
            if self.watched.get(folder) == Some(identity) {
                continue;
            }
            has_begun = true;
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                let folder = folder.display();
                tracing::info!("{folder}: looked at only, as it cannot be watched: {error}");
            }
        }
        self.watched = wanted;
        has_begun
    }
}
