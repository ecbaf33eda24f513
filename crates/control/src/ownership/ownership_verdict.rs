//! The verdict on a change.

use super::claim_collision::ClaimCollision;
use super::manifest_claims::BrokenManifest;
use super::ownership_standing::OwnershipStanding;
use super::squad_boundaries::PathOwner;
use portcullis_vocabulary::{Squad, UnownedPolicy};

/// One path that a change touches. A renamed file is two of them: the owner of the old path loses
/// it, and the owner of the new path gets it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathChange {
    /// The path from the repository's root, without empty segments, `.` and `..`.
    pub path: String,

    /// How it changes.
    pub kind: PathChangeKind,
}

/// How a path changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathChangeKind {
    /// It is added.
    Added,
    /// Its content or its file type changes.
    Modified,
    /// It is deleted.
    Deleted,
    /// It is deleted, and its content moves to another path.
    RenamedFrom,
    /// It is added, with the content of another path.
    RenamedTo,
    /// It was named by the caller, without what happens to it.
    Named,
}

/// A changed path with its owner.
#[derive(Clone, Debug)]
pub struct FileVerdict<'b> {
    /// The path and how it changes.
    pub change: PathChange,
    /// The standing of the change towards the path.
    pub standing: OwnershipStanding,
    /// The owner, if the path has one.
    pub owner: Option<PathOwner<'b>>,
}

/// The verdict on a change.
#[derive(Debug)]
pub struct OwnershipVerdict<'b> {
    /// The squad that proposes the change.
    pub squad: &'b Squad,
    /// How changes to paths without an owner are treated.
    pub unowned: UnownedPolicy,
    /// Every path, in the order of paths.
    pub files: Vec<FileVerdict<'b>>,
    /// The claims in manifests that collide.
    pub collisions: Vec<ClaimCollision<'b>>,
    /// Manifests that cannot be read, so their claims are unknown.
    pub broken: Vec<BrokenManifest>,
}

impl PathChangeKind {
    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::RenamedFrom => "renamed-from",
            Self::RenamedTo => "renamed-to",
            Self::Named => "named",
        }
    }
}

impl OwnershipVerdict<'_> {
    /// How many paths have this standing.
    pub fn count(&self, standing: OwnershipStanding) -> usize {
        let is_counted = |file: &&FileVerdict<'_>| file.standing == standing;
        self.files.iter().filter(is_counted).count()
    }

    /// Whether the change is blocked.
    pub fn is_blocked(&self) -> bool {
        let is_blocked = |file: &FileVerdict<'_>| self.blocks(file.standing);
        !self.broken.is_empty()
            || self.files.iter().any(is_blocked)
            || self
                .collisions
                .iter()
                .any(|collision| self.blocks(collision.standing))
    }

    /// Whether this standing blocks a change.
    pub fn blocks(&self, standing: OwnershipStanding) -> bool {
        match standing {
            OwnershipStanding::Foreign => true,
            OwnershipStanding::Unowned => self.unowned == UnownedPolicy::Block,
            OwnershipStanding::Approved | OwnershipStanding::Own => false,
        }
    }
}
