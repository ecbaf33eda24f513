//! The process metrics that Prometheus clients expose: CPU time, memory, open files and threads.
//!
//! They are read from `/proc` (proc(5)), so they exist on Linux only.

use std::fs;

use super::metric_names::{Metric, MetricKind};

/// The metrics of this process, in the order in which `read` returns them.
pub const PROCESS_METRICS: &[Metric] = &[
    process_metric(
        "process_cpu_seconds_total",
        MetricKind::Counter,
        "User and system CPU time, in seconds.",
    ),
    process_metric(
        "process_open_fds",
        MetricKind::Gauge,
        "Open file descriptors.",
    ),
    process_metric(
        "process_max_fds",
        MetricKind::Gauge,
        "The limit of open file descriptors; 0 is unlimited.",
    ),
    process_metric(
        "process_virtual_memory_bytes",
        MetricKind::Gauge,
        "Virtual memory, in bytes.",
    ),
    process_metric(
        "process_virtual_memory_max_bytes",
        MetricKind::Gauge,
        "The limit of virtual memory, in bytes; 0 is unlimited.",
    ),
    process_metric(
        "process_resident_memory_bytes",
        MetricKind::Gauge,
        "Resident memory, in bytes.",
    ),
    process_metric(
        "process_start_time_seconds",
        MetricKind::Gauge,
        "Start time of the process, in seconds since the Unix epoch.",
    ),
    process_metric("process_threads", MetricKind::Gauge, "Threads."),
];

const fn process_metric(name: &'static str, kind: MetricKind, help: &'static str) -> Metric {
    Metric {
        name,
        kind,
        labels: &[],
        help,
    }
}

/// Clock ticks of `/proc` per second. The kernel fixes this value (time(7), `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads all metrics. Leaves out values that cannot be read.
pub(super) fn read() -> Vec<(&'static Metric, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let values = [
        cpu_seconds(&stat),
        open_descriptors(),
        limit(&limits, "Max open files"),
        kibibytes(&status, "VmSize:"),
        limit(&limits, "Max address space"),
        kibibytes(&status, "VmRSS:"),
        start_time(&stat, &fs::read_to_string("/proc/stat").unwrap_or_default()),
        status_field(&status, "Threads:"),
    ];
    let named = PROCESS_METRICS.iter().zip(values);
    named
        .filter_map(|(metric, value)| Some((metric, value?)))
        .collect()
}

/// A field of `/proc/self/stat` by its number in proc_pid_stat(5). The second field is the program
/// name in parentheses, which may contain spaces and parentheses.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number - 3)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

/// Open file descriptors. The size of the directory is their number since Linux 6.2; older kernels
/// report 0, and the entries are counted, without the one that is open for counting.
fn open_descriptors() -> Option<f64> {
    let directory = "/proc/self/fd";
    let size = fs::metadata(directory).ok()?.len();
    if size > 0 {
        return Some(size as f64);
    }
    let entries = fs::read_dir(directory).ok()?;
    Some(entries.count().saturating_sub(1) as f64)
}

/// The start time in whole seconds: the boot time of the system, and the ticks from then to the
/// start. Both are constant, so the value is, too.
fn start_time(stat: &str, system: &str) -> Option<f64> {
    let started = stat_field(stat, 22)? / TICKS_PER_SECOND;
    let boot = status_field(system, "btime")?;
    Some(boot + started.trunc())
}

fn status_field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn kibibytes(status: &str, name: &str) -> Option<f64> {
    Some(status_field(status, name)? * 1024.0)
}

/// The soft limit of a resource.
fn limit(limits: &str, name: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(0.0),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_parentheses_in_the_name_do_not_shift_fields() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 9 0 1000 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(
            start_time(stat, "cpu 1\nbtime 1000000\n"),
            Some(1_000_010.0)
        );
        assert_eq!(cpu_seconds("7 (a"), None);
    }

    #[test]
    fn status_and_limits_are_found_by_name() {
        let status = "Name:\tVmRSS:\nVmSize:\t    2 kB\nVmRSS:\t    1 kB\nThreads:\t3\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(1024.0));
        assert_eq!(status_field(status, "Threads:"), Some(3.0));
        let limits = "Limit  Soft  Hard  Units\nMax open files   64   128   files\nMax address space   unlimited   unlimited   bytes\n";
        assert_eq!(limit(limits, "Max open files"), Some(64.0));
        assert_eq!(limit(limits, "Max address space"), Some(0.0));
        assert_eq!(limit(limits, "Max nothing"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn all_metrics_of_this_process_are_read() {
        let values = read();
        let names = PROCESS_METRICS.iter().map(|metric| metric.name);
        assert!(values.iter().map(|(metric, _)| metric.name).eq(names));
        let value = |name| {
            values
                .iter()
                .find(|(known, _)| known.name == name)
                .unwrap()
                .1
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_threads") >= 1.0);
    }
}
