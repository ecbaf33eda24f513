//! The log, written to standard error as text or JSON.
//!
//! No payload value is logged: a line may name the violated rule, its location and the squad. A
//! separate thread writes the lines, so a slow log reader delays no request. Lines that do not fit
//! in its queue are dropped and counted.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use portcullis_config::{LogConfig, LogFormat, LogLevel};

use super::line_folding::LineFolder;

/// The active log level. The handle changes it.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// The sink of the process, set by [`init`].
static SINK: OnceLock<LogSink> = OnceLock::new();

/// The most lines that wait to be written; about 10 MB.
const LINES_MAX: usize = 16_384;

/// The writer and format of the log.
#[derive(Clone, Debug)]
pub(super) struct LogSink {
    pub(super) format: LogFormat,
    pub(super) writer: NonBlocking,
    folder: Arc<Mutex<LineFolder>>,
}

impl LogSink {
    /// The repeated lines of the access log.
    pub(super) fn folder(&self) -> MutexGuard<'_, LineFolder> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the log thread running. Dropping it writes the waiting lines.
#[derive(Debug)]
pub struct LogGuard {
    _worker: WorkerGuard,
}

/// Starts logging for the whole process, until the guard is dropped. Later calls have no effect.
#[must_use = "the waiting lines are written when the guard is dropped"]
pub fn init(log: &LogConfig) -> LogGuard {
    let (level, handle) = reload::Layer::new(filter(log.level));
    let (writer, worker) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_MAX)
        .thread_name("log")
        .finish(std::io::stderr());
    let lines = fmt::layer().with_writer(writer.clone()).with_target(false);
    let lines = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            lines.with_ansi(colour).boxed()
        }
    };
    // An error means that an earlier call has started the log.
    let started = tracing_subscriber::registry()
        .with(level)
        .with(lines)
        .try_init();
    if started.is_ok() {
        let _ = LEVEL.set(handle);
        let format = log.format;
        let folder = Arc::default();
        let _ = SINK.set(LogSink {
            format,
            writer,
            folder,
        });
    }
    LogGuard { _worker: worker }
}

/// The sink of the process, if [`init`] was called.
pub(super) fn sink() -> Option<LogSink> {
    SINK.get().cloned()
}

/// Lines that were dropped since the start.
pub fn lines_lost() -> u64 {
    SINK.get()
        .map_or(0, |sink| sink.writer.error_counter().dropped_lines() as u64)
}

/// Changes the log level, if [`init`] was called.
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get() {
        // An error means that the subscriber has been dropped.
        let _ = handle.reload(filter(level));
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
