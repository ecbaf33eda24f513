//! Notifications of the operating system about folders, shared by all file watches of the process.
//!
//! An instance of the system's service is scarce: Linux grants a user 128 of them by default, and
//! each needs a thread. So the process has one, however many files it watches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::file_signature::FileId;

/// The identity of a folder: device and number.
type FolderIdentity = Option<(u64, u64)>;

/// Notifies subscribers of changes in their folders.
#[derive(Debug)]
pub(super) struct FolderNotifier {
    folders: Arc<Mutex<WatchedFolders>>,
    /// Absent if the system provides no notifications; files are only polled then.
    watcher: Mutex<Option<RecommendedWatcher>>,
    next_id: AtomicU64,
}

/// The watched folders by path.
type WatchedFolders = BTreeMap<PathBuf, WatchedFolder>;

#[derive(Debug)]
struct WatchedFolder {
    /// The identity of the folder when its watch began.
    identity: FolderIdentity,
    subscribers: BTreeMap<u64, Arc<Notify>>,
}

/// What one file watch is notified of. Dropping it ends the notifications.
#[derive(Debug)]
pub(super) struct FolderSubscription {
    notifier: Arc<FolderNotifier>,
    id: u64,
    wakeup: Arc<Notify>,
}

impl FolderNotifier {
    pub(super) fn new() -> Self {
        let folders: Arc<Mutex<WatchedFolders>> = Arc::default();
        let known = Arc::clone(&folders);
        let watcher = notify::recommended_watcher(move |event| announce(&lock(&known), event));
        if let Err(error) = &watcher {
            tracing::info!(
                "files are polled only, as the system provides no notifications: {error}"
            );
        }
        Self {
            folders,
            watcher: Mutex::new(watcher.ok()),
            next_id: AtomicU64::new(0),
        }
    }

    /// A subscription to no folder.
    pub(super) fn subscribe(self: &Arc<Self>) -> FolderSubscription {
        FolderSubscription {
            notifier: Arc::clone(self),
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            wakeup: Arc::new(Notify::new()),
        }
    }

    /// Ends the watches of these folders, and begins others.
    fn change_watches(&self, ended: &[PathBuf], begun: &[PathBuf]) {
        if ended.is_empty() && begun.is_empty() {
            return;
        }
        let mut watcher = lock(&self.watcher);
        let Some(watcher) = watcher.as_mut() else {
            return;
        };
        for folder in ended {
            // This fails if the folder was removed, which ended its watch.
            let _ = watcher.unwatch(folder);
        }
        for folder in begun {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                let folder = folder.display();
                tracing::info!("{folder}: polled only, as it cannot be watched: {error}");
            }
        }
    }
}

impl FolderSubscription {
    /// What is notified when one of the folders changes.
    pub(super) fn wakeup(&self) -> &Notify {
        &self.wakeup
    }

    /// Subscribes to exactly these folders. Returns whether one of them is new, so earlier changes
    /// in it caused no notification.
    pub(super) fn follow(&self, wanted: &BTreeSet<PathBuf>) -> bool {
        // Access to a file system can hang, so the lock is not held here.
        let current: Vec<(&PathBuf, FolderIdentity)> = wanted
            .iter()
            .map(|folder| (folder, identity(folder)))
            .collect();
        let mut folders = lock(&self.notifier.folders);
        let mut ended = self.leave(&mut folders, |folder| !wanted.contains(folder));
        let (mut begun, mut is_new) = (Vec::new(), false);
        for (path, identity) in current {
            let folder = folders.entry(path.clone()).or_insert_with(|| {
                begun.push(path.clone());
                WatchedFolder {
                    identity,
                    subscribers: BTreeMap::new(),
                }
            });
            if folder.identity != identity {
                folder.identity = identity;
                ended.push(path.clone());
                begun.push(path.clone());
                is_new = true;
            }
            let wakeup = Arc::clone(&self.wakeup);
            is_new |= folder.subscribers.insert(self.id, wakeup).is_none();
        }
        drop(folders);
        self.notifier.change_watches(&ended, &begun);
        is_new
    }

    /// Leaves the folders that match, and returns those without a subscriber.
    fn leave(
        &self,
        folders: &mut WatchedFolders,
        is_left: impl Fn(&PathBuf) -> bool,
    ) -> Vec<PathBuf> {
        let mut unused = Vec::new();
        folders.retain(|path, folder| {
            let is_unused = is_left(path)
                && folder.subscribers.remove(&self.id).is_some()
                && folder.subscribers.is_empty();
            if is_unused {
                unused.push(path.clone());
            }
            !is_unused
        });
        unused
    }
}

impl Drop for FolderSubscription {
    fn drop(&mut self) {
        let ended = self.leave(&mut lock(&self.notifier.folders), |_| true);
        self.notifier.change_watches(&ended, &[]);
    }
}

/// Wakes the subscribers of the folders of an event.
fn announce(folders: &WatchedFolders, event: notify::Result<notify::Event>) {
    let wake = |folder: &WatchedFolder| {
        folder
            .subscribers
            .values()
            .for_each(|subscriber| subscriber.notify_one());
    };
    match event {
        // Reading a file does not change it.
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
        Ok(event) if !event.paths.is_empty() && !event.need_rescan() => {
            for path in &event.paths {
                let places = [Some(path.as_path()), path.parent()];
                places
                    .into_iter()
                    .flatten()
                    .filter_map(|place| folders.get(place))
                    .for_each(wake);
            }
        }
        // An error or a lost event may hide a change anywhere.
        _ => folders.values().for_each(wake),
    }
}

fn identity(folder: &Path) -> FolderIdentity {
    let metadata = fs::metadata(folder).ok();
    metadata.map(|metadata| FileId::of(&metadata).identity())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn one_notifier_serves_many_subscribers_of_a_folder() {
        let notifier = Arc::new(FolderNotifier::new());
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = |folder: &tempfile::TempDir| folder.path().canonicalize().unwrap();
        let (first, second, third) = (
            notifier.subscribe(),
            notifier.subscribe(),
            notifier.subscribe(),
        );
        assert!(first.follow(&[folder(&one)].into()));
        assert!(second.follow(&[folder(&one)].into()), "new for it");
        assert!(!second.follow(&[folder(&one)].into()));
        assert!(third.follow(&[folder(&other)].into()));
        assert_eq!(lock(&notifier.folders).len(), 2);

        fs::write(one.path().join("a"), "1").unwrap();
        let long = Duration::from_secs(20);
        timeout(long, first.wakeup().notified()).await.unwrap();
        timeout(long, second.wakeup().notified()).await.unwrap();

        // The folder stays watched as long as it has a subscriber.
        drop(first);
        assert_eq!(lock(&notifier.folders).len(), 2);
        assert!(second.follow(&[folder(&other)].into()));
        assert_eq!(lock(&notifier.folders).len(), 1);
        fs::write(other.path().join("a"), "1").unwrap();
        timeout(long, third.wakeup().notified()).await.unwrap();
        drop((second, third));
        assert!(lock(&notifier.folders).is_empty());
    }

    #[tokio::test]
    async fn an_event_wakes_only_the_subscribers_of_its_folder() {
        let folders = |paths: [&str; 2]| -> (WatchedFolders, Vec<Arc<Notify>>) {
            let wakeups: Vec<Arc<Notify>> = paths.iter().map(|_| Arc::default()).collect();
            let watched = paths.iter().zip(&wakeups).map(|(path, wakeup)| {
                let folder = WatchedFolder {
                    identity: None,
                    subscribers: [(0, Arc::clone(wakeup))].into(),
                };
                (PathBuf::from(path), folder)
            });
            (watched.collect(), wakeups.clone())
        };
        let check = async |event: notify::Result<notify::Event>, expected: [bool; 2]| {
            let (folders, wakeups) = folders(["/a", "/b"]);
            announce(&folders, event);
            for (wakeup, expected) in wakeups.iter().zip(expected) {
                // A notification that was stored is returned at once.
                let woken = timeout(Duration::ZERO, wakeup.notified()).await.is_ok();
                assert_eq!(woken, expected);
            }
        };
        let event = |kind, path: &str| Ok(notify::Event::new(kind).add_path(path.into()));
        let modify = EventKind::Modify(notify::event::ModifyKind::Any);
        check(event(modify, "/a/file"), [true, false]).await;
        check(event(modify, "/b"), [false, true]).await;
        let read = EventKind::Access(notify::event::AccessKind::Any);
        check(event(read, "/a/file"), [false, false]).await;
        check(Ok(notify::Event::new(modify)), [true, true]).await;
        check(Err(notify::Error::generic("lost")), [true, true]).await;
    }
}
