//! Determines the version that the changes require, and whether the contract has it.

use std::cmp::Ordering;

use portcullis_contract::{CompiledContract, DocumentSet, SourceLocation};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, ChangePlace, ChangeSubject, CompatFinding};
use super::diff_rule::{ChangeArea, ChangeCategory, DiffRule};
use super::operation_diff::sentence;
use super::semantic_version::{SemanticVersion, VersionBump};

/// The assessment of both versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionAdvice {
    /// The smallest bump that the changes require.
    pub required: VersionBump,
    /// Whether the new version is high enough; `None` unless both are semantic versions.
    pub is_sufficient: Option<bool>,
    /// The smallest suitable version.
    pub suggested: Option<String>,
    /// How the new version compares with the old one.
    precedence: Option<Ordering>,
}

/// Determines the version that the findings require.
pub(super) fn advice(
    old: &str,
    new: &str,
    is_same: bool,
    findings: &[CompatFinding],
) -> VersionAdvice {
    let required = if is_same {
        VersionBump::None
    } else {
        let bumps = findings.iter().map(bump);
        bumps.max().unwrap_or(VersionBump::Patch)
    };
    let versions = SemanticVersion::parse(old).zip(SemanticVersion::parse(new));
    let versions = versions.as_ref();
    VersionAdvice {
        required,
        is_sufficient: versions.map(|(old, new)| new.honours(old, required)),
        suggested: versions.map(|(old, _)| old.raised(required).to_string()),
        precedence: versions.map(|(old, new)| new.precedence(old)),
    }
}

/// The bump that a change requires, at least a patch.
fn bump(finding: &CompatFinding) -> VersionBump {
    let rule = finding.rule;
    let is_informational = rule.area == ChangeArea::Document
        || rule.id.starts_with("operation.id.")
        || rule.id.starts_with("operation.tag.")
        || finding.certainty == ChangeCertainty::Proved
            && finding.level == ChangeLevel::Info
            && rule.level(finding.direction) != ChangeLevel::Info;
    match finding.level {
        // A change that may break a consumer is announced like one that does.
        ChangeLevel::Breaking | ChangeLevel::Unknown => VersionBump::Major,
        _ if is_informational => VersionBump::Patch,
        // Item 7: a deprecation raises the minor version, too.
        ChangeLevel::Warning | ChangeLevel::Info if rule.kind == ChangeCategory::Mutability => {
            VersionBump::Patch
        }
        ChangeLevel::Warning | ChangeLevel::Info => VersionBump::Minor,
    }
}

impl VersionAdvice {
    /// The finding about an insufficient version.
    pub(super) fn finding(
        &self,
        old: &CompiledContract,
        new: &CompiledContract,
    ) -> Option<CompatFinding> {
        let precedence = self
            .precedence
            .filter(|_| self.is_sufficient == Some(false))?;
        // A patch changes only texts, so an unchanged version is acceptable.
        if self.required < VersionBump::Minor {
            return None;
        }
        let rule = DiffRule::named(match precedence {
            Ordering::Less => "version.lowered",
            Ordering::Equal => "version.not-raised",
            Ordering::Greater => "version.raised-too-little",
        });
        let (before, after) = (Some(old.version.to_string()), Some(new.version.to_string()));
        Some(CompatFinding {
            rule,
            direction: None,
            level: rule.level(None),
            certainty: ChangeCertainty::Rule,
            places: vec![ChangePlace {
                subject: ChangeSubject::Contract.into(),
                location: ChangeLocation::default(),
            }],
            message: sentence(rule, before.as_deref(), after.as_deref()),
            before,
            after,
            old: version_location(old),
            new: version_location(new),
            witness: None,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        })
    }
}

fn version_location(contract: &CompiledContract) -> Option<SourceLocation> {
    let documents = contract.documents();
    let entry = documents.entry_ref();
    let version = documents.node(entry).get("info")?.get("version")?;
    Some(contract.location(DocumentSet::node_ref(entry, version)))
}
