//! Which version the changes demand, and whether the contract has it (semver.org 2.0.0).

use std::fmt;

use serde::Serialize;

use portcullis_contract::{CompiledContract, DocumentSet};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, ChangeSubject, CompatFinding};
use super::diff_rule::{ChangeArea, ChangeCategory, DiffRule};
use super::operation_diff::sentence;

/// How much a version is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionBump {
    /// Not at all.
    None,
    /// For what changes nothing for anybody.
    Patch,
    /// For additions.
    Minor,
    /// For breaks.
    Major,
}

/// A version's core: major, minor, patch, and whether it is a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SemanticVersion {
    core: [u64; 3],
    is_release: bool,
}

/// What is to be said of the versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionAdvice {
    /// The least bump that the changes allow.
    pub required: VersionBump,
    /// Whether the contract has it; `None` where a version is no semantic version.
    pub is_sufficient: Option<bool>,
    /// The least version that would do.
    pub suggested: Option<String>,
    versions: Option<(SemanticVersion, SemanticVersion)>,
}

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

impl SemanticVersion {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(text, _)| text);
        let (core, is_release) = match text.split_once('-') {
            Some((core, _)) => (core, false),
            None => (text, true),
        };
        let mut numbers = core.split('.').map(|number| number.parse().ok());
        let core = [numbers.next()??, numbers.next()??, numbers.next()??];
        numbers
            .next()
            .is_none()
            .then_some(Self { core, is_release })
    }

    /// The least version that is raised so much: below 1.0.0 minor plays major (item 4).
    fn raised(self, bump: VersionBump) -> Self {
        let [major, minor, patch] = self.core;
        let core = match bump {
            VersionBump::None => self.core,
            VersionBump::Major if major > 0 => [major + 1, 0, 0],
            VersionBump::Minor if major > 0 => [major, minor + 1, 0],
            VersionBump::Major => [0, minor + 1, 0],
            VersionBump::Minor | VersionBump::Patch => [major, minor, patch + 1],
        };
        Self {
            core,
            is_release: true,
        }
    }

    fn cores(self) -> [u64; 3] {
        self.core
    }
}

/// What the changes demand.
pub(super) fn advice(
    old: &str,
    new: &str,
    is_same: bool,
    findings: &[CompatFinding],
) -> VersionAdvice {
    let required = match is_same {
        true => VersionBump::None,
        false => findings
            .iter()
            .map(bump)
            .max()
            .unwrap_or(VersionBump::Patch)
            .max(VersionBump::Patch),
    };
    let versions = SemanticVersion::parse(old).zip(SemanticVersion::parse(new));
    let least = versions.map(|(old, _)| old.raised(required));
    VersionAdvice {
        required,
        is_sufficient: versions
            .zip(least)
            .map(|((_, new), least)| new.cores() >= least.cores()),
        suggested: least.map(
            |SemanticVersion {
                 core: [major, minor, patch],
                 ..
             }| format!("{major}.{minor}.{patch}"),
        ),
        versions,
    }
}

fn bump(finding: &CompatFinding) -> VersionBump {
    let rule = finding.rule;
    let is_told_only = rule.area == ChangeArea::Document
        || rule.id.starts_with("operation.id.")
        || rule.id.starts_with("operation.tag.")
        || finding.certainty == ChangeCertainty::Proved
            && finding.level == ChangeLevel::Info
            && rule.level(finding.direction) != ChangeLevel::Info;
    match finding.level {
        ChangeLevel::Breaking => VersionBump::Major,
        _ if is_told_only => VersionBump::Patch,
        // Item 7: a deprecation raises the minor version, too.
        ChangeLevel::Warning | ChangeLevel::Info if rule.kind == ChangeCategory::Mutability => {
            VersionBump::Patch
        }
        ChangeLevel::Warning | ChangeLevel::Info => VersionBump::Minor,
    }
}

impl VersionAdvice {
    /// What is wrong with the version, as a change of its own.
    pub(super) fn finding(
        &self,
        old: &CompiledContract,
        new: &CompiledContract,
    ) -> Option<CompatFinding> {
        let (was, is) = self
            .versions
            .filter(|_| self.is_sufficient == Some(false))?;
        // A version that stays while only words change is nothing to speak of.
        if self.required < VersionBump::Minor {
            return None;
        }
        let rule = DiffRule::named(match is.cores().cmp(&was.cores()) {
            std::cmp::Ordering::Less => "version.lowered",
            std::cmp::Ordering::Equal if was.is_release == is.is_release => "version.not-raised",
            _ => "version.raised-too-little",
        });
        let (before, after) = (Some(old.version.to_string()), Some(new.version.to_string()));
        Some(CompatFinding {
            rule,
            direction: None,
            level: rule.level(None),
            certainty: ChangeCertainty::Rule,
            subject: ChangeSubject::Contract,
            location: ChangeLocation::default(),
            message: sentence(rule, before.as_deref(), after.as_deref()),
            before,
            after,
            old: version_location(old),
            new: version_location(new),
            witness: None,
            approval: None,
        })
    }
}

fn version_location(contract: &CompiledContract) -> Option<portcullis_contract::SourceLocation> {
    let documents = contract.documents();
    let entry = documents.entry_ref();
    let version = documents.node(entry).get("info")?.get("version")?;
    Some(contract.location(DocumentSet::node_ref(entry, version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let check = |text: &str, expected: Option<[u64; 3]>| {
            assert_eq!(
                SemanticVersion::parse(text).map(SemanticVersion::cores),
                expected,
                "{text}"
            );
        };
        check("1.2.3", Some([1, 2, 3]));
        check("v1.2.3-rc.1+build", Some([1, 2, 3]));
        check("1.2", None);
        check("2024-01-01", None);
        check("1.2.3.4", None);
    }

    #[test]
    fn the_least_version_that_will_do() {
        let check = |old: &str, bump, expected: [u64; 3]| {
            let raised = SemanticVersion::parse(old).unwrap().raised(bump);
            assert_eq!(raised.cores(), expected, "{old} {bump}");
        };
        check("1.2.3", VersionBump::None, [1, 2, 3]);
        check("1.2.3", VersionBump::Patch, [1, 2, 4]);
        check("1.2.3", VersionBump::Minor, [1, 3, 0]);
        check("1.2.3", VersionBump::Major, [2, 0, 0]);
        check("0.2.3", VersionBump::Minor, [0, 2, 4]);
        check("0.2.3", VersionBump::Major, [0, 3, 0]);
    }
}
