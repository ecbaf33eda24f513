//! `[reload]`: how contracts change while the proxy runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_vocabulary::limits::DURATION_MAX;

use crate::tree::ConfigSection;
use crate::tree::config_value::{boolean, duration, path, share, word};

/// How contracts change while the proxy runs, section `[reload]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReloadConfig {
    /// Which revisions are accepted.
    pub policy: ReloadPolicy,
    /// The maximum time between two checks of a source, whatever its cache headers allow.
    pub poll: Duration,
    /// Whether the program starts, not ready, while the file of a contract cannot be read. For a
    /// contract at an address it always does.
    pub wait: bool,
    /// The folder that keeps the last good contracts, for a start without their source.
    pub cache: Option<PathBuf>,
    /// The ratio of exchanges that a candidate contract checks, from 0 to 1.
    pub candidate_sample: f64,
}

/// Which revisions are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReloadPolicy {
    /// Every revision that compiles.
    #[default]
    Any,
    /// Revisions that do not break consumers, and those with a greater major version.
    Compatible,
}

impl ReloadPolicy {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] =
        [("any", Self::Any), ("compatible", Self::Compatible)];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Compatible => "compatible",
        }
    }
}

impl Default for ReloadConfig {
    fn default() -> Self {
        Self {
            policy: ReloadPolicy::Any,
            poll: Duration::from_secs(10),
            wait: false,
            cache: None,
            candidate_sample: 1.0,
        }
    }
}

/// Reads `[reload]` of the program or of a service; absent keys are as in `base`.
pub(crate) fn read_reload(
    mut section: ConfigSection<'_>,
    base: &ReloadConfig,
    directory: &Path,
) -> ReloadConfig {
    let s = &mut section;
    let some_time = duration(Duration::from_millis(100)..=DURATION_MAX);
    let reload = ReloadConfig {
        policy: s.value("policy", base.policy, word(&ReloadPolicy::NAMES)),
        poll: s.value("poll", base.poll, some_time),
        wait: s.value("wait", base.wait, boolean),
        cache: match s.read("cache", path) {
            Some(cache) => Some(directory.join(cache)),
            None => base.cache.clone(),
        },
        candidate_sample: s.value("candidate_sample", base.candidate_sample, share),
    };
    section.finish();
    reload
}
