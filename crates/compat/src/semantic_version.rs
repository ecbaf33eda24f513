//! Semantic versions of contracts (semver.org 2.0.0), with an optional `v` in front.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

/// The part of a version that changes require to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionBump {
    /// Nothing changed.
    None,
    /// No consumer is affected.
    Patch,
    /// Something was added or deprecated.
    Minor,
    /// Consumers break.
    Major,
}

/// A semantic version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SemanticVersion(semver::Version);

impl VersionBump {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for VersionBump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SemanticVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl SemanticVersion {
    /// Parses a version such as `1.2.3-rc.1` or `v1.2.3`.
    pub fn parse(text: &str) -> Option<Self> {
        let version = text.strip_prefix('v').unwrap_or(text);
        semver::Version::parse(version).ok().map(Self)
    }

    /// Parses a version that may lack its last numbers, such as `v1` or `1.2-beta`; they are 0.
    pub fn parse_short(text: &str) -> Option<Self> {
        let core_end = text.find(['-', '+']).unwrap_or(text.len());
        let (core, rest) = text.split_at(core_end);
        let missing = match core.matches('.').count() {
            0 => ".0.0",
            1 => ".0",
            _ => "",
        };
        Self::parse(&format!("{core}{missing}{rest}"))
    }

    /// The numbers that two compatible versions share: the major version, and below 1.0.0 also the
    /// minor version, which then announces breaking changes (item 4).
    pub fn compatibility_range(&self) -> (u64, u64) {
        match self.0.major {
            0 => (0, self.0.minor),
            major => (major, 0),
        }
    }

    /// Compares by precedence, which ignores build metadata (item 11).
    pub(super) fn precedence(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }

    /// The least version after a bump. After a pre-release it is the release that it prepares.
    pub(super) fn raised(&self, bump: VersionBump) -> Self {
        let semver::Version {
            major,
            minor,
            patch,
            ..
        } = self.0;
        let (major, minor, patch) = match bump {
            VersionBump::None => return self.clone(),
            _ if self.is_prerelease() => (major, minor, patch),
            VersionBump::Major if major > 0 => (major.saturating_add(1), 0, 0),
            VersionBump::Minor if major > 0 => (major, minor.saturating_add(1), 0),
            VersionBump::Major => (0, minor.saturating_add(1), 0),
            VersionBump::Minor | VersionBump::Patch => (major, minor, patch.saturating_add(1)),
        };
        Self(semver::Version::new(major, minor, patch))
    }

    /// Whether this version is a large enough step from an older one. A pre-release promises no
    /// compatibility (item 9), so any greater version may follow it.
    pub(super) fn honours(&self, old: &Self, bump: VersionBump) -> bool {
        match bump {
            VersionBump::None => self.precedence(old).is_ge(),
            _ if old.is_prerelease() => self.precedence(old).is_gt(),
            _ => self.core() >= old.raised(bump).core(),
        }
    }

    fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }

    fn core(&self) -> (u64, u64, u64) {
        (self.0.major, self.0.minor, self.0.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> SemanticVersion {
        SemanticVersion::parse(text).unwrap()
    }

    #[test]
    fn parses_semantic_versions_only() {
        let check = |text: &str, expected: Option<(u64, u64, u64)>| {
            let core = SemanticVersion::parse(text).map(|version| version.core());
            assert_eq!(core, expected, "{text}");
        };
        check("1.2.3", Some((1, 2, 3)));
        check("v1.2.3-rc.1+build", Some((1, 2, 3)));
        check("1.2", None);
        check("2024-01-01", None);
        check("1.2.3.4", None);
        check("2.0.0-", None);
        check("2.0.0+", None);
        check("01.5.0", None);
        check("1.0.0-01", None);
    }

    #[test]
    fn missing_numbers_of_short_versions_are_0() {
        let check = |text: &str, expected: Option<&str>| {
            let parsed = SemanticVersion::parse_short(text);
            assert_eq!(parsed, expected.map(version), "{text}");
        };
        check("v1", Some("1.0.0"));
        check("1.2-beta", Some("1.2.0-beta"));
        check("1.2.3", Some("1.2.3"));
        check("1.", None);
        check("x", None);
        check("", None);
    }

    #[test]
    fn raises_to_the_least_version() {
        let check = |old: &str, bump, expected: &str| {
            let raised = version(old).raised(bump);
            assert_eq!(raised, version(expected), "{old} {bump}");
        };
        check("1.2.3", VersionBump::None, "1.2.3");
        check("1.2.3", VersionBump::Patch, "1.2.4");
        check("1.2.3", VersionBump::Minor, "1.3.0");
        check("1.2.3", VersionBump::Major, "2.0.0");
        check("0.2.3", VersionBump::Minor, "0.2.4");
        check("0.2.3", VersionBump::Major, "0.3.0");
        check("1.0.0-alpha.1", VersionBump::Major, "1.0.0");
        check("1.2.3+build", VersionBump::Patch, "1.2.4");
    }

    #[test]
    fn prereleases_are_ordered_and_promise_nothing() {
        let check = |old: &str, new: &str, bump, expected: bool| {
            let honours = version(new).honours(&version(old), bump);
            assert_eq!(honours, expected, "{old} {new} {bump}");
        };
        check("1.0.0-alpha.1", "1.0.0-alpha.2", VersionBump::Major, true);
        check("1.0.0-alpha.1", "1.0.0-alpha.1", VersionBump::Major, false);
        check("1.0.0-alpha.2", "1.0.0-alpha.1", VersionBump::Patch, false);
        check("1.0.0-alpha.10", "1.0.0-alpha.9", VersionBump::Patch, false);
        check("1.0.0-rc.1", "1.0.0", VersionBump::Major, true);
        check("1.0.0-rc.1+a", "1.0.0-rc.1+b", VersionBump::Minor, false);
        check("1.4.0", "2.0.0-rc.1", VersionBump::Major, true);
        check("1.4.0", "1.5.0", VersionBump::Major, false);
        check("1.4.0", "1.4.0+b", VersionBump::Minor, false);
    }

    #[test]
    fn compatible_versions_share_a_range() {
        let check = |one: &str, other: &str, expected: bool| {
            let ranges = [one, other].map(|text| version(text).compatibility_range());
            assert_eq!(ranges[0] == ranges[1], expected, "{one} {other}");
        };
        check("1.2.0", "1.9.0", true);
        check("1.2.0", "2.0.0", false);
        check("0.2.1", "0.2.9", true);
        check("0.2.1", "0.3.0", false);
    }
}
