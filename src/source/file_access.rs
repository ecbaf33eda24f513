//! Access to files on few threads, with a deadline: a network file system can block a thread for
//! ever.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::blocking_workers::{BlockingWorkers, timed_out};

/// How many accesses run at the same time, for all sources of the process.
const ACCESSES_MAX: usize = 2;

/// How many accesses of one source may hang before no more are started.
const HANGING_MAX: usize = 2;

/// How long an access may take.
const ACCESS_TIMEOUT: Duration = Duration::from_secs(30);

/// The threads that access files, for all sources of the process.
#[derive(Clone, Debug)]
pub struct FileAccess(BlockingWorkers);

/// One source's access to its files.
#[derive(Clone, Debug)]
pub struct SourceAccess {
    shared: FileAccess,
    /// The accesses of this source that have not ended.
    running: Arc<AtomicUsize>,
}

impl FileAccess {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system starts no more threads.
    pub fn start() -> io::Result<Self> {
        Self::with_timeout(ACCESS_TIMEOUT)
    }

    fn with_timeout(timeout: Duration) -> io::Result<Self> {
        let workers = BlockingWorkers::start("files", ACCESSES_MAX, Some(timeout));
        workers.map(Self)
    }

    /// The access of one source.
    #[must_use]
    pub fn of_source(&self) -> SourceAccess {
        SourceAccess {
            shared: self.clone(),
            running: Arc::default(),
        }
    }
}

impl SourceAccess {
    /// Runs a blocking operation when it is its turn. Dropping the future does not end it.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if the operation takes too long, or earlier ones still hang. The
    /// other errors come from the thread.
    pub async fn run<T: Send + 'static>(
        &self,
        operation: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let running = RunningAccess::begin(&self.running);
        if running.others() >= HANGING_MAX {
            return Err(timed_out("earlier reads still hang"));
        }
        let operation = move || {
            let _running = running;
            operation()
        };
        self.shared.0.run(operation).await
    }
}

/// Counts an access until it ends.
struct RunningAccess(Arc<AtomicUsize>);

impl RunningAccess {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }

    fn others(&self) -> usize {
        self.0.load(Ordering::Relaxed) - 1
    }
}

impl Drop for RunningAccess {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    #[tokio::test]
    async fn hanging_accesses_are_abandoned_and_bounded() {
        let access = FileAccess::with_timeout(Duration::from_millis(20)).unwrap();
        let source = access.of_source();
        let (release, hang) = mpsc::channel::<()>();
        let hang = Arc::new(Mutex::new(hang));
        for _ in 0..HANGING_MAX {
            let hang = Arc::clone(&hang);
            let hung = source.run(move || hang.lock().unwrap().recv().is_ok());
            let error = hung.await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(error.to_string(), "the file system does not answer");
        }
        // No third thread is used up, and new threads serve other sources.
        let refused = source.run(|| ()).await.unwrap_err();
        assert_eq!(refused.to_string(), "earlier reads still hang");
        for number in 0..5 {
            let other = access.of_source();
            assert_eq!(other.run(move || number).await.unwrap(), number);
        }
        // When the file system answers again, so does the source.
        drop(release);
        while source.running.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(source.run(|| 8).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_ends_no_thread() {
        let access = FileAccess::start().unwrap();
        for _ in 0..=ACCESSES_MAX {
            let source = access.of_source();
            let failed = source.run(|| panic!("expected")).await;
            assert!(failed.is_err());
            assert_eq!(source.running.load(Ordering::Relaxed), 0);
        }
        assert_eq!(access.of_source().run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_dropped_access_that_hangs_is_replaced_too() {
        let access = FileAccess::with_timeout(Duration::from_millis(20)).unwrap();
        let (release, hang) = mpsc::channel::<()>();
        let hang = Arc::new(Mutex::new(hang));
        for _ in 0..ACCESSES_MAX {
            let hang = Arc::clone(&hang);
            let source = access.of_source();
            let hung = source.run(move || hang.lock().unwrap().recv().is_ok());
            let dropped = tokio::time::timeout(Duration::from_millis(1), hung).await;
            assert!(dropped.is_err());
        }
        assert_eq!(access.of_source().run(|| 7).await.unwrap(), 7);
        drop(release);
    }
}
