//! A fixed number of threads for blocking work.
//!
//! A runtime's pool for blocking work starts a thread whenever all others are busy, so its size
//! follows the number of services. Here work waits for its turn. A thread whose work hangs is left
//! to itself and replaced: no call ends a read of a dead network file system.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Threads for blocking work. They run at low priority, so data cores go first.
#[derive(Clone, Debug)]
pub struct BlockingWorkers {
    queue: Sender<BlockingJob>,
    threads: Arc<WorkerThreads>,
}

/// What the threads share.
#[derive(Debug)]
struct WorkerThreads {
    name: &'static str,
    jobs: Mutex<Receiver<BlockingJob>>,
    /// How long a job may take; unlimited if absent.
    timeout: Option<Duration>,
}

/// One piece of work.
struct BlockingJob {
    work: Box<dyn FnOnce() + Send>,
    begun: oneshot::Sender<()>,
    ended: oneshot::Sender<()>,
    phase: Arc<AtomicU8>,
}

const RUNNING: u8 = 0;
const ENDED: u8 = 1;
const ABANDONED: u8 = 2;

impl BlockingWorkers {
    /// Starts this number of threads. A job that takes longer than `timeout` is abandoned.
    ///
    /// # Errors
    /// The system starts no more threads.
    pub fn start(name: &'static str, count: usize, timeout: Option<Duration>) -> io::Result<Self> {
        let (queue, jobs) = channel();
        let threads = Arc::new(WorkerThreads {
            name,
            jobs: Mutex::new(jobs),
            timeout,
        });
        for _ in 0..count {
            threads.start_one()?;
        }
        Ok(Self { queue, threads })
    }

    /// Runs work when it is its turn. Dropping the future does not end the work.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if the work takes too long; another kind if it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (result, answer) = oneshot::channel();
        let (begun, begin) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let phase = Arc::new(AtomicU8::new(RUNNING));
        let job = BlockingJob {
            work: Box::new(move || {
                // The receiver may have been dropped.
                let _ = result.send(work());
            }),
            begun,
            ended,
            phase: Arc::clone(&phase),
        };
        if self.queue.send(job).is_err() {
            return Err(io::Error::other("no thread is left"));
        }
        let Some(limit) = self.threads.timeout else {
            return answer.await.map_err(io::Error::other);
        };
        let threads = Arc::clone(&self.threads);
        // A separate task, because the caller may drop this future.
        let late = tokio::spawn(async move {
            let is_late = begin.await.is_ok() && timeout(limit, end).await.is_err();
            let is_abandoned = is_late && change(&phase, RUNNING, ABANDONED);
            if is_abandoned && threads.start_one().is_err() {
                // Without a new thread, others wait until this one ends, so it is still needed.
                change(&phase, ABANDONED, RUNNING);
            }
            is_abandoned
        });
        tokio::select! {
            answer = answer => answer.map_err(io::Error::other),
            Ok(true) = late => Err(timed_out("the file system does not answer")),
        }
    }
}

/// The error of work that takes too long.
pub(super) fn timed_out(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

impl WorkerThreads {
    fn start_one(self: &Arc<Self>) -> io::Result<()> {
        let threads = Arc::clone(self);
        let thread = thread::Builder::new().name(self.name.to_owned());
        thread.spawn(move || {
            yield_to_data_cores();
            while let Some(job) = threads.next_job() {
                if !job.run() {
                    return;
                }
            }
        })?;
        Ok(())
    }

    /// The next job; `None` when no more can come.
    fn next_job(&self) -> Option<BlockingJob> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.recv().ok()
    }
}

impl BlockingJob {
    /// Runs the work. Returns whether the thread is still needed.
    fn run(self) -> bool {
        // The receivers may have been dropped.
        let _ = self.begun.send(());
        // The caller learns of a panic because the result is missing; the hook has reported it.
        let _ = catch_unwind(AssertUnwindSafe(self.work));
        let is_needed = change(&self.phase, RUNNING, ENDED);
        let _ = self.ended.send(());
        is_needed
    }
}

/// Changes the phase of a job if it is in phase `from`. Returns whether it was.
fn change(phase: &AtomicU8, from: u8, to: u8) -> bool {
    let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
    phase.compare_exchange(from, to, success, failure).is_ok()
}

/// Lowers the priority of the current thread, so that it takes only the time that data cores leave.
#[cfg(target_os = "linux")]
pub fn yield_to_data_cores() {
    use rustix::{process::setpriority_process, thread::gettid};

    /// The nice value: 0 is normal, 19 the lowest priority.
    const BACKGROUND: i32 = 10;

    // Linux applies a priority to one thread. Without permission, the thread keeps its priority.
    let _ = setpriority_process(Some(gettid()), BACKGROUND);
}

/// Lowers the priority of the current thread where the system can do that.
#[cfg(not(target_os = "linux"))]
pub const fn yield_to_data_cores() {}
