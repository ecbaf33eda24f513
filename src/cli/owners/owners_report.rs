//! The result of `portcullis owners`. Its JSON document is stable: properties are added and never
//! removed.
//!
//! ```json
//! {
//!   "verdict": "blocked", "squad": "checkout", "unowned": "warn",
//!   "catalog": "contracts/squads.toml of 9f3c…",
//!   "files": [{
//!     "path": "services/orders/main.rs", "change": "modified", "standing": "foreign",
//!     "owner": "payments", "pattern": "services/orders/**",
//!     "declared": { "file": "contracts/squads.toml", "line": 15 }
//!   }],
//!   "collisions": [{
//!     "kind": "foreign-namespace", "standing": "foreign", "squad": "checkout", "owner": "payments",
//!     "file": "apps/checkout/deploy.yaml", "line": 4, "pointer": "/metadata/namespace",
//!     "object": "Deployment checkout", "name": "pay-prod", "other": null, "message": "…"
//!   }],
//!   "broken_manifests": [{ "file": "apps/a.yaml", "line": 3, "message": "…" }],
//!   "templates": ["charts/a/templates/deployment.yaml"],
//!   "ask": [{ "squad": "payments", "chat": "#payments", "oncall": "payments-pager",
//!             "email": "payments@example.com", "files": 1, "collisions": 1 }],
//!   "summary": { "files": 1, "own": 0, "approved": 0, "foreign": 1, "unowned": 0,
//!                "collisions": 1, "broken_manifests": 0 }
//! }
//! ```
//!
//! `verdict` is `passes` or `blocked`, `change` one of `added`, `modified`, `deleted`,
//! `renamed-from`, `renamed-to`, `named`, `standing` one of `own`, `approved`, `foreign`,
//! `unowned`. `owner`, `pattern` and `declared` are null for unowned files. `templates` are files
//! that were not read, because they are templates of manifests.

use serde::Serialize;

use crate::cli::output::counted;
use crate::cli::report::FindingLevel;
use portcullis_control::ownership::OwnershipStanding;

/// The result of a check.
#[derive(Debug, Serialize)]
pub(super) struct OwnersReport {
    pub(super) verdict: &'static str,
    pub(super) squad: String,
    pub(super) unowned: &'static str,
    pub(super) catalog: String,
    pub(super) files: Vec<FileReport>,
    pub(super) collisions: Vec<CollisionReport>,
    pub(super) broken_manifests: Vec<BrokenManifestReport>,
    pub(super) templates: Vec<String>,
    pub(super) ask: Vec<MissingApproval>,
    pub(super) summary: OwnersSummary,
}

/// A changed path.
#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub(super) path: String,
    pub(super) change: &'static str,
    pub(super) standing: &'static str,
    pub(super) owner: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) declared: Option<FileLine>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FileLine {
    pub(super) file: String,
    pub(super) line: usize,
}

/// A name in a manifest that does not belong to its squad.
#[derive(Debug, Serialize)]
pub(super) struct CollisionReport {
    pub(super) kind: &'static str,
    pub(super) standing: &'static str,
    pub(super) squad: String,
    pub(super) owner: Option<String>,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) pointer: String,
    pub(super) object: String,
    pub(super) name: String,
    pub(super) other: Option<FileLine>,
    pub(super) message: String,
}

/// A manifest that cannot be read.
#[derive(Debug, Serialize)]
pub(super) struct BrokenManifestReport {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) message: String,
}

/// A squad whose approval is missing, and how to contact it.
#[derive(Debug, Serialize)]
pub(super) struct MissingApproval {
    pub(super) squad: String,
    pub(super) chat: Option<String>,
    pub(super) oncall: Option<String>,
    pub(super) email: Option<String>,
    pub(super) files: usize,
    pub(super) collisions: usize,
}

/// The counts of a check.
#[derive(Debug, Serialize)]
pub(super) struct OwnersSummary {
    pub(super) files: usize,
    pub(super) own: usize,
    pub(super) approved: usize,
    pub(super) foreign: usize,
    pub(super) unowned: usize,
    pub(super) collisions: usize,
    pub(super) broken_manifests: usize,
}

impl OwnersReport {
    /// The level of a standing. `None` if it is not reported.
    pub(super) fn level(&self, standing: &str) -> Option<FindingLevel> {
        let is_foreign = standing == OwnershipStanding::Foreign.as_str();
        let is_unowned = standing == OwnershipStanding::Unowned.as_str();
        match self.unowned {
            _ if is_foreign => Some(FindingLevel::Error),
            "block" if is_unowned => Some(FindingLevel::Error),
            "warn" if is_unowned => Some(FindingLevel::Warning),
            _ => None,
        }
    }

    /// The verdict in one line.
    pub(super) fn sentence(&self) -> String {
        let summary = &self.summary;
        if summary.files == 0 {
            return format!("{}: nothing changed", self.verdict);
        }
        let mut parts = vec![format!("{} of {}", summary.own, self.squad)];
        let counts = [
            (summary.approved, "approved"),
            (summary.foreign, "of other squads without approval"),
            (summary.unowned, "without an owner"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        parts.extend(counts.map(|(count, what)| format!("{count} {what}")));
        let files = counted(summary.files as u64, "file");
        let mut text = format!("{}: {files}, {}", self.verdict, parts.join(", "));
        for (count, what) in [
            (summary.collisions, "in manifests"),
            (summary.broken_manifests, "broken manifests"),
            (self.templates.len(), "templates not read"),
        ] {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        text
    }

    /// What to do about the verdict.
    pub(super) fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        if !self.ask.is_empty() {
            let squads: Vec<&str> = self.ask.iter().map(|ask| &*ask.squad).collect();
            advice.push(format!(
                "get approval and run again with --approved-by {}, or remove these files from the \
                 change",
                squads.join(",")
            ));
        }
        if self.summary.unowned > 0 && self.unowned != "allow" {
            let catalog = &self.catalog;
            advice.push(format!(
                "assign paths without an owner to a squad: `paths` in {catalog}"
            ));
        }
        advice
    }
}
