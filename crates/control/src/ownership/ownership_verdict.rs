//! What is known about a change after it was judged.

use super::claim_collision::ClaimCollision;
use super::manifest_claims::BrokenManifest;
use super::squad_boundaries::PathOwner;
use portcullis_vocabulary::{Squad, UnownedPolicy};

/// One path that a change touches. A renamed file is two: whoever owned it loses it, and whoever
/// owns its new name gets it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathChange {
    /// From the repository's root, without empty segments, `.` and `..`.
    pub path: String,
    /// What happens to it.
    pub kind: PathChangeKind,
}

/// What happens to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathChangeKind {
    /// It is new.
    Added,
    /// Its content or its kind changes.
    Modified,
    /// It is gone.
    Deleted,
    /// It is gone, its content is elsewhere.
    RenamedFrom,
    /// It is new, its content was elsewhere.
    RenamedTo,
    /// Somebody named the path; nothing else is known.
    Named,
}

/// Whose a changed path is, seen from the squad that changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnershipStanding {
    /// Another squad's, which has not approved.
    Foreign,
    /// Nobody's.
    Unowned,
    /// Another squad's, which has approved.
    Approved,
    /// The squad's own.
    Own,
}

/// One changed path with its owner.
#[derive(Clone, Debug)]
pub struct FileVerdict<'b> {
    /// The path and what happens to it.
    pub change: PathChange,
    /// Whose it is.
    pub standing: OwnershipStanding,
    /// The owner; nobody where it is unowned.
    pub owner: Option<PathOwner<'b>>,
}

/// All that is known about a change.
#[derive(Debug)]
pub struct OwnershipVerdict<'b> {
    /// The squad that changes.
    pub squad: &'b Squad,
    /// What a change of unowned paths means.
    pub unowned: UnownedPolicy,
    /// Every path, in the order of paths.
    pub files: Vec<FileVerdict<'b>>,
    /// What manifests claim that is not theirs.
    pub collisions: Vec<ClaimCollision<'b>>,
    /// Manifests that nobody can read, so that nobody knows what they claim.
    pub broken: Vec<BrokenManifest>,
}

impl PathChangeKind {
    /// Its name in reports.
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

impl OwnershipStanding {
    /// Each, in the order in which reports list them.
    pub const ALL: [Self; 4] = [Self::Foreign, Self::Unowned, Self::Approved, Self::Own];

    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Unowned => "unowned",
            Self::Approved => "approved",
            Self::Own => "own",
        }
    }
}

impl OwnershipVerdict<'_> {
    /// How many paths have this standing.
    pub fn count(&self, standing: OwnershipStanding) -> usize {
        let is_counted = |file: &&FileVerdict<'_>| file.standing == standing;
        self.files.iter().filter(is_counted).count()
    }

    /// Whether the change may not go in as it is.
    pub fn is_blocked(&self) -> bool {
        let is_blocked = |file: &FileVerdict<'_>| self.blocks(file.standing);
        !self.broken.is_empty()
            || self.files.iter().any(is_blocked)
            || self
                .collisions
                .iter()
                .any(|collision| self.blocks(collision.standing))
    }

    /// Whether this standing stops a change.
    pub fn blocks(&self, standing: OwnershipStanding) -> bool {
        match standing {
            OwnershipStanding::Foreign => true,
            OwnershipStanding::Unowned => self.unowned == UnownedPolicy::Block,
            OwnershipStanding::Approved | OwnershipStanding::Own => false,
        }
    }
}
