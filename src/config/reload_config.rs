//! `[reload]`: how contracts change while traffic flows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config_section::ConfigSection;
use super::config_value;
use super::config_value::{boolean, duration, share, word};
use portcullis_vocabulary::limits::DURATION_MAX;

/// How contracts change while traffic flows, section `[reload]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReloadConfig {
    /// Which revisions are taken.
    pub policy: ReloadPolicy,
    /// How often a source is looked at, whatever it says of itself.
    pub poll: Duration,
    /// Whether the program starts, not ready, while a contract's file cannot be had. What is at
    /// an address is always waited for.
    pub wait: bool,
    /// Where the last good contracts are kept for a start without their source.
    pub cache: Option<PathBuf>,
    /// The share of exchanges that a candidate judges, from 0 to 1.
    pub candidate_sample: f64,
}

/// Which revisions are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReloadPolicy {
    /// Every one that can be enforced.
    #[default]
    Any,
    /// None that breaks consumers, unless its major version is greater.
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

/// Reads the section of a file or of a service; what it does not say is as in `base`.
pub(super) fn reload(
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
        cache: match s.read("cache", config_value::path) {
            Some(cache) => Some(directory.join(cache)),
            None => base.cache.clone(),
        },
        candidate_sample: s.value("candidate_sample", base.candidate_sample, share),
    };
    section.finish();
    reload
}
