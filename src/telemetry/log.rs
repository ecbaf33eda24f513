//! Logs: to standard error, for people or as JSON.
//!
//! No value of any message is logged: a log may say which rule of which contract was broken,
//! where, and by which squad. A thread of its own writes, so that a slow reader of the log holds no
//! request up; what it has no time for is lost and counted.

use std::io::IsTerminal;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// The level in force, to be changed.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Where lines go, and their form.
static SINK: OnceLock<LogSink> = OnceLock::new();

/// Lines that wait to be written; some 10 MB at most.
const LINES_MAX: usize = 16_384;

/// Where lines go, and their form.
#[derive(Clone, Debug)]
pub(super) struct LogSink {
    pub(super) format: LogFormat,
    pub(super) writer: NonBlocking,
}

/// Keeps the log's thread; when it is dropped, what waits is written.
#[derive(Debug)]
pub struct LogGuard {
    _worker: WorkerGuard,
}

/// Starts logging for the whole process, for as long as the guard lives. A second call does
/// nothing: the first one stays.
#[must_use = "what waits is written when the guard is dropped"]
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
    // Losing the race against an earlier call only means that logging runs already.
    let started = tracing_subscriber::registry()
        .with(level)
        .with(lines)
        .try_init();
    if started.is_ok() {
        let _first = LEVEL.set(handle);
        let format = log.format;
        let _first = SINK.set(LogSink { format, writer });
    }
    LogGuard { _worker: worker }
}

/// Where lines go, in a process that [`init`] started logging for.
pub(super) fn sink() -> Option<LogSink> {
    SINK.get().cloned()
}

/// Lines that were lost since the start.
pub fn lines_lost() -> u64 {
    SINK.get()
        .map_or(0, |sink| sink.writer.error_counter().dropped_lines() as u64)
}

/// Changes which events are written, in the process that [`init`] started logging for.
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get() {
        // It fails only when logging has ended.
        let _ended = handle.reload(filter(level));
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
