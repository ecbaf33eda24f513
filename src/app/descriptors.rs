//! File descriptors: the limit of the process, and what of it is left for client connections.
//!
//! A client connection may need a second descriptor for the upstream. Some descriptors are kept for
//! the admin port and for reading files, so clients can never take the probes away.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that a thread with a runtime opens for itself.
const THREAD_DESCRIPTORS: usize = 8;

/// Threads besides the data cores: for control and for signals.
const OTHER_THREADS: usize = 2;

/// Bounds of what is kept for the admin port and for files.
const KEPT_MIN: usize = 8;
const KEPT_MAX: usize = 64;

/// Raises the soft limit of open files to the hard one: the default of many systems is 1024, for
/// the sake of old programs.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays; raise it with `ulimit -n`");
    }
}

/// How many client connections the descriptors allow, at most `connections_max`. Logs a warning if
/// they are fewer.
pub(super) fn client_connections(connections_max: usize, cores: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let Some(shortage) = shortage(limit, connections_max, cores) else {
        return connections_max;
    };
    tracing::warn!(
        open_files_max = shortage.limit,
        open_files_needed = shortage.needed,
        connections_max,
        connections = shortage.allowed,
        "the limit of open files allows fewer client connections than limits.connections_max; raise \
         it (`ulimit -n`, LimitNOFILE)"
    );
    shortage.allowed
}

/// What to do if the system does not allow so many client connections, however far the process
/// raises its limit.
pub(super) fn connection_shortage(connections_max: usize, cores: usize) -> Option<String> {
    let limit = getrlimit(Resource::Nofile).maximum;
    let DescriptorShortage {
        limit,
        needed,
        allowed,
    } = shortage(limit, connections_max, cores)?;
    Some(format!(
        "the limit of {limit} open files allows {allowed} client connections, and \
         limits.connections_max is {connections_max}; raise the limit to {needed} (`ulimit -Hn`, \
         LimitNOFILE)"
    ))
}

/// A limit of open files that is too low.
struct DescriptorShortage {
    limit: usize,
    /// The limit that suffices.
    needed: usize,
    /// The connections that the limit allows.
    allowed: usize,
}

/// `None` if the limit suffices.
fn shortage(
    limit: Option<u64>,
    connections_max: usize,
    cores: usize,
) -> Option<DescriptorShortage> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok())?;
    let own = open_descriptors() + (cores + OTHER_THREADS) * THREAD_DESCRIPTORS;
    let allowed = connections_within(limit, own);
    (allowed < connections_max).then(|| DescriptorShortage {
        limit,
        needed: descriptors_for(connections_max, limit, own),
        allowed,
    })
}

/// Connections, and as many to upstreams. An eighth more is accepted for a moment, to be answered
/// with a refusal.
fn connections_within(limit: usize, own: usize) -> usize {
    let left = limit.saturating_sub(own + kept(limit));
    (left / 17 * 8 + left % 17 * 8 / 17).max(1)
}

/// The limit that is needed for a number of connections.
fn descriptors_for(connections: usize, limit: usize, own: usize) -> usize {
    connections * 2 + connections.div_ceil(8) + own + kept(limit)
}

fn kept(limit: usize) -> usize {
    (limit / 8).clamp(KEPT_MIN, KEPT_MAX)
}

/// The open descriptors of the process; an estimate where the system does not show them.
fn open_descriptors() -> usize {
    const ESTIMATE: usize = 16;
    fs::read_dir("/proc/self/fd").map_or(ESTIMATE, |entries| entries.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_kept_for_the_admin_port_and_for_upstreams() {
        for (limit, own) in [
            (64, 30),
            (256, 40),
            (1024, 60),
            (65_536, 100),
            (1 << 40, 100),
        ] {
            let connections = connections_within(limit, own);
            let used = connections * 2 + connections / 8 + own;
            assert!(used + kept(limit) <= limit, "{limit}");
            // Not much is left unused.
            let more = connections + 2;
            assert!(more * 2 + more / 8 + own + kept(limit) > limit, "{limit}");
        }
        assert_eq!(connections_within(10, 30), 1);
    }

    #[test]
    fn the_warning_names_a_limit_that_suffices() {
        for connections in [1, 7, 8, 1000, 10_000] {
            let needed = descriptors_for(connections, 1024, 50);
            assert!(
                connections_within(needed, 50) >= connections,
                "{connections}"
            );
        }
    }
}
