//! Notices changed files.
//!
//! A change is a different [`FileSignature`]. One is taken after each notification about a relevant
//! folder, and at a fixed interval in any case: not every file system sends notifications, and none
//! does for changes on other machines. So a missed notification delays a change but does not lose
//! it. Folders are watched instead of files, since files are replaced more often than written:
//! mounted ConfigMaps swap a symbolic link, editors rename.
//!
//! Access to a network file system can hang. It happens on threads for blocking work, with a
//! deadline (see [`FileAccess`]).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use portcullis_vocabulary::limits::{FILES_DEBOUNCE, FILES_DEBOUNCE_MAX};

use super::file_access::{FileAccess, SourceAccess};
use super::file_signature::FileSignature;
use super::folder_notifier::{FolderNotifier, FolderSubscription};

/// How long notifications are collected: one change causes many, and a folder may hold many
/// unrelated files.
const NOTIFICATION_DEBOUNCE: Duration = Duration::from_millis(20);

/// Watches files for the whole process: the watches share one instance of the system's notification
/// service, and the threads for access to files.
#[derive(Clone, Debug)]
pub struct FileWatcher {
    notifier: Arc<FolderNotifier>,
    access: FileAccess,
}

/// Watches a set of files. All but its creation needs a tokio runtime, with time.
#[derive(Debug)]
pub struct FileWatch {
    files: Vec<PathBuf>,
    /// The state that was last reported to the caller.
    seen: FileSignature,
    poll: Duration,
    subscription: Arc<FolderSubscription>,
    access: SourceAccess,
}

impl FileWatcher {
    /// Starts the threads that access files.
    ///
    /// # Errors
    /// The system starts no more threads.
    pub fn start() -> io::Result<Self> {
        Ok(Self {
            notifier: Arc::new(FolderNotifier::new()),
            access: FileAccess::start()?,
        })
    }

    /// A watch of no file yet, which polls at this interval. It does not access the file system.
    #[must_use]
    pub fn watch_nothing(&self, poll: Duration) -> FileWatch {
        FileWatch {
            files: Vec::new(),
            seen: FileSignature::of(&[]),
            poll,
            subscription: Arc::new(self.notifier.subscribe()),
            access: self.access.of_source(),
        }
    }

    /// Access to the files of one source, within the limits of the process.
    #[must_use]
    pub fn access(&self) -> SourceAccess {
        self.access.of_source()
    }
}

impl FileWatch {
    /// Watches these files for changes since this signature was taken. If it was taken before they
    /// were read, no change is lost.
    pub fn watch_since(&mut self, signature: FileSignature) {
        self.files = signature.files();
        self.seen = signature;
    }

    /// Watches these files for changes from now on. A caller reads them after this call.
    pub async fn watch(&mut self, files: Vec<PathBuf>) {
        self.files = files;
        if let Some(signature) = self.read_signature().await {
            self.seen = signature;
        }
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
                () = self.subscription.wakeup().notified() => sleep(NOTIFICATION_DEBOUNCE).await,
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

    /// The current state of the files; the last one if they cannot be accessed in time.
    async fn take_signature(&self) -> FileSignature {
        let taken = self.read_signature().await;
        taken.unwrap_or_else(|| self.seen.clone())
    }

    /// The current state of the files, if they can be accessed in time. Their folders are watched
    /// before it is taken.
    async fn read_signature(&self) -> Option<FileSignature> {
        let (subscription, files) = (Arc::clone(&self.subscription), self.files.clone());
        let taken = self
            .access
            .run(move || sign_and_follow(&subscription, &files));
        taken.await.ok()
    }
}

fn sign_and_follow(subscription: &FolderSubscription, files: &[PathBuf]) -> FileSignature {
    let signature = FileSignature::of(files);
    if subscription.follow(&signature.folders()) {
        // Changes before the watches began caused no notification.
        return FileSignature::of(files);
    }
    signature
}
