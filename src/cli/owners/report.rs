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

use super::message;
use super::notes::{Level, Note};
use portcullis_control::ownership::{
    BrokenManifest, Claim, Collision, FileVerdict, Standing, Verdict,
};
use portcullis_vocabulary::Place;
use portcullis_vocabulary::{Squad, Unowned};

/// The result of one run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) verdict: &'static str,
    pub(super) squad: String,
    pub(super) unowned: &'static str,
    pub(super) catalog: String,
    pub(super) files: Vec<FileReport>,
    pub(super) collisions: Vec<CollisionReport>,
    pub(super) broken_manifests: Vec<BrokenReport>,
    pub(super) templates: Vec<String>,
    pub(super) ask: Vec<AskReport>,
    pub(super) summary: Summary,
}

/// A changed path.
#[derive(Debug, Serialize)]
pub(super) struct FileReport {
    pub(super) path: String,
    pub(super) change: &'static str,
    pub(super) standing: &'static str,
    pub(super) owner: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) declared: Option<Spot>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Spot {
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
    pub(super) other: Option<Spot>,
    pub(super) message: String,
}

/// A manifest that cannot be read.
#[derive(Debug, Serialize)]
pub(super) struct BrokenReport {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) message: String,
}

/// A squad whose approval is missing.
#[derive(Debug, Serialize)]
pub(super) struct AskReport {
    pub(super) squad: String,
    pub(super) chat: Option<String>,
    pub(super) oncall: Option<String>,
    pub(super) email: Option<String>,
    pub(super) files: usize,
    pub(super) collisions: usize,
}

/// How much there was of everything.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) files: usize,
    pub(super) own: usize,
    pub(super) approved: usize,
    pub(super) foreign: usize,
    pub(super) unowned: usize,
    pub(super) collisions: usize,
    pub(super) broken_manifests: usize,
}

impl Report {
    pub(super) fn of(verdict: &Verdict<'_>, catalog: String, templates: Vec<String>) -> Self {
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
            broken_manifests: verdict.broken.iter().map(BrokenReport::of).collect(),
            templates,
            ask: ask(verdict),
            summary: Summary {
                files: verdict.files.len(),
                own: verdict.count(Standing::Own),
                approved: verdict.count(Standing::Approved),
                foreign: verdict.count(Standing::Foreign),
                unowned: verdict.count(Standing::Unowned),
                collisions: verdict.collisions.len(),
                broken_manifests: verdict.broken.len(),
            },
        }
    }

    /// How much a standing weighs; nothing where there is nothing to tell.
    pub(super) fn level(&self, standing: &str) -> Option<Level> {
        let is = |other: Standing| standing == other.as_str();
        if is(Standing::Foreign) || is(Standing::Unowned) && self.unowned == "block" {
            Some(Level::Error)
        } else if is(Standing::Unowned) && self.unowned == "warn" {
            Some(Level::Warning)
        } else {
            None
        }
    }

    /// All that is to be told, each with its place.
    pub(super) fn notes(&self) -> Vec<Note> {
        let files = self.files.iter().filter_map(|file| {
            Some(Note {
                level: self.level(file.standing)?,
                kind: message::file_kind(file),
                file: file.path.clone(),
                line: None,
                message: message::of_file(file, self),
            })
        });
        let collisions = self.collisions.iter().filter_map(|collision| {
            Some(Note {
                level: self.level(collision.standing)?,
                kind: collision.kind,
                file: collision.file.clone(),
                line: Some(collision.line as usize),
                message: format!("{}: {}", collision.object, collision.message),
            })
        });
        let broken = self.broken_manifests.iter().map(|broken| Note {
            level: Level::Error,
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
            declared: owner.and_then(|owner| owner.place).and_then(Spot::of_place),
        }
    }
}

impl Spot {
    fn of_place(place: &Place) -> Option<Self> {
        match place {
            Place::Line(path, line) => Some(Self {
                file: path.display().to_string(),
                line: *line,
            }),
            Place::File(_) | Place::Variable(_) | Place::Flag(_) => None,
        }
    }

    fn of_claim(claim: &Claim) -> Self {
        Self {
            file: claim.path.clone(),
            line: claim.line as usize,
        }
    }
}

impl CollisionReport {
    fn of(collision: &Collision<'_>) -> Self {
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
            other: collision.other.as_ref().map(Spot::of_claim),
            message: message::of_collision(collision),
        }
    }
}

impl BrokenReport {
    fn of(broken: &BrokenManifest) -> Self {
        Self {
            file: broken.path.clone(),
            line: broken.line,
            message: broken.message.clone(),
        }
    }
}

fn unowned(policy: Unowned) -> &'static str {
    let names = Unowned::NAMES.iter().find(|(_, known)| *known == policy);
    names.map_or("warn", |(name, _)| name)
}

/// The squads whose approval is missing, each once.
fn ask(verdict: &Verdict<'_>) -> Vec<AskReport> {
    let mut missing: BTreeMap<&str, (&Squad, usize, usize)> = BTreeMap::new();
    for file in &verdict.files {
        if let (Standing::Foreign, Some(owner)) = (file.standing, file.owner) {
            let name = owner.squad.name.as_str();
            missing.entry(name).or_insert((owner.squad, 0, 0)).1 += 1;
        }
    }
    for collision in &verdict.collisions {
        if let (Standing::Foreign, Some(owner)) = (collision.standing, collision.owner) {
            missing
                .entry(owner.name.as_str())
                .or_insert((owner, 0, 0))
                .2 += 1;
        }
    }
    let ask = missing
        .into_iter()
        .map(|(name, (squad, files, collisions))| AskReport {
            squad: name.to_owned(),
            chat: squad.chat.clone(),
            oncall: squad.oncall.clone(),
            email: squad.email.clone(),
            files,
            collisions,
        });
    ask.collect()
}
