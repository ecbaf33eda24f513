//! A verdict as a value. Its JSON form is stable: members are only ever added.
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
//! that were not read as manifests, because they are templates of some.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding_messages;
use super::owners_notes::{NoteLevel, OwnersNote};
use portcullis_control::ownership::{
    BrokenManifest, ClaimCollision, FileVerdict, ManifestClaim, OwnershipStanding, OwnershipVerdict,
};
use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::{Squad, UnownedPolicy};

/// The result of one run.
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

/// A name that a manifest takes and that is not its squad's.
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

/// A squad whose approval is missing.
#[derive(Debug, Serialize)]
pub(super) struct MissingApproval {
    pub(super) squad: String,
    pub(super) chat: Option<String>,
    pub(super) oncall: Option<String>,
    pub(super) email: Option<String>,
    pub(super) files: usize,
    pub(super) collisions: usize,
}

/// How much there was of everything.
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
    pub(super) fn of(
        verdict: &OwnershipVerdict<'_>,
        catalog: String,
        templates: Vec<String>,
    ) -> Self {
        let collisions = verdict.collisions.iter().map(CollisionReport::of);
        Self {
            verdict: match verdict.is_blocked() {
                true => "blocked",
                false => "passes",
            },
            squad: verdict.squad.name.to_string(),
            unowned: unowned(verdict.unowned),
            catalog,
            files: verdict.files.iter().map(FileReport::of).collect(),
            collisions: collisions.collect(),
            broken_manifests: verdict
                .broken
                .iter()
                .map(BrokenManifestReport::of)
                .collect(),
            templates,
            ask: ask(verdict),
            summary: OwnersSummary {
                files: verdict.files.len(),
                own: verdict.count(OwnershipStanding::Own),
                approved: verdict.count(OwnershipStanding::Approved),
                foreign: verdict.count(OwnershipStanding::Foreign),
                unowned: verdict.count(OwnershipStanding::Unowned),
                collisions: verdict.collisions.len(),
                broken_manifests: verdict.broken.len(),
            },
        }
    }

    /// How much a standing weighs; nothing where there is nothing to tell.
    pub(super) fn level(&self, standing: &str) -> Option<NoteLevel> {
        let is = |other: OwnershipStanding| standing == other.as_str();
        if is(OwnershipStanding::Foreign)
            || is(OwnershipStanding::Unowned) && self.unowned == "block"
        {
            Some(NoteLevel::Error)
        } else if is(OwnershipStanding::Unowned) && self.unowned == "warn" {
            Some(NoteLevel::Warning)
        } else {
            None
        }
    }

    /// All that is to be told, each with its place.
    pub(super) fn notes(&self) -> Vec<OwnersNote> {
        let files = self.files.iter().filter_map(|file| {
            Some(OwnersNote {
                level: self.level(file.standing)?,
                kind: finding_messages::file_kind(file),
                file: file.path.clone(),
                line: None,
                message: finding_messages::file_message(file, self),
            })
        });
        let collisions = self.collisions.iter().filter_map(|collision| {
            Some(OwnersNote {
                level: self.level(collision.standing)?,
                kind: collision.kind,
                file: collision.file.clone(),
                line: Some(collision.line as usize),
                message: format!("{}: {}", collision.object, collision.message),
            })
        });
        let broken = self.broken_manifests.iter().map(|broken| OwnersNote {
            level: NoteLevel::Error,
            kind: "broken-manifest",
            file: broken.file.clone(),
            line: Some(broken.line as usize),
            message: broken.message.clone(),
        });
        files.chain(collisions).chain(broken).collect()
    }
}

impl FileReport {
    fn of(file: &FileVerdict<'_>) -> Self {
        let owner = file.owner;
        Self {
            path: file.change.path.clone(),
            change: file.change.kind.as_str(),
            standing: file.standing.as_str(),
            owner: owner.map(|owner| owner.squad.name.to_string()),
            pattern: owner.map(|owner| owner.pattern.to_string()),
            declared: owner
                .and_then(|owner| owner.place)
                .and_then(FileLine::of_place),
        }
    }
}

impl FileLine {
    fn of_place(place: &ConfigLocation) -> Option<Self> {
        match place {
            ConfigLocation::Line(path, line) => Some(Self {
                file: path.display().to_string(),
                line: *line,
            }),
            ConfigLocation::File(_) | ConfigLocation::Variable(_) | ConfigLocation::Flag(_) => None,
        }
    }

    fn of_claim(claim: &ManifestClaim) -> Self {
        Self {
            file: claim.path.clone(),
            line: claim.line as usize,
        }
    }
}

impl CollisionReport {
    fn of(collision: &ClaimCollision<'_>) -> Self {
        let claim = &collision.claim;
        Self {
            kind: collision.kind.as_str(),
            standing: collision.standing.as_str(),
            squad: collision.squad.name.to_string(),
            owner: collision.owner.map(|owner| owner.name.to_string()),
            file: claim.path.clone(),
            line: claim.line,
            pointer: claim.pointer.clone(),
            object: claim.object.clone(),
            name: claim.name.clone(),
            other: collision.other.as_ref().map(FileLine::of_claim),
            message: finding_messages::collision_message(collision),
        }
    }
}

impl BrokenManifestReport {
    fn of(broken: &BrokenManifest) -> Self {
        Self {
            file: broken.path.clone(),
            line: broken.line,
            message: broken.message.clone(),
        }
    }
}

fn unowned(policy: UnownedPolicy) -> &'static str {
    let names = UnownedPolicy::NAMES
        .iter()
        .find(|(_, known)| *known == policy);
    names.map_or("warn", |(name, _)| name)
}

/// The squads whose approval is missing, each once.
fn ask(verdict: &OwnershipVerdict<'_>) -> Vec<MissingApproval> {
    let mut missing: BTreeMap<&str, (&Squad, usize, usize)> = BTreeMap::new();
    for file in &verdict.files {
        if let (OwnershipStanding::Foreign, Some(owner)) = (file.standing, file.owner) {
            let name = owner.squad.name.as_str();
            missing.entry(name).or_insert((owner.squad, 0, 0)).1 += 1;
        }
    }
    for collision in &verdict.collisions {
        if let (OwnershipStanding::Foreign, Some(owner)) = (collision.standing, collision.owner) {
            missing
                .entry(owner.name.as_str())
                .or_insert((owner, 0, 0))
                .2 += 1;
        }
    }
    let ask = missing
        .into_iter()
        .map(|(name, (squad, files, collisions))| MissingApproval {
            squad: name.to_owned(),
            chat: squad.chat.clone(),
            oncall: squad.oncall.clone(),
            email: squad.email.clone(),
            files,
            collisions,
        });
    ask.collect()
}
