//! A change, held against the boundaries of a catalog.

use std::collections::BTreeSet;

use super::boundaries::Boundaries;
use super::collision::collisions;
use super::manifest::Manifests;
use super::verdict::{Change, FileVerdict, Standing, Verdict};
use portcullis_vocabulary::{Squad, SquadName, Unowned};

/// Who proposes a change, and who agrees to it.
#[derive(Clone, Debug)]
pub struct Proposal<'b> {
    /// The squad that changes, one of the catalog's.
    pub squad: &'b Squad,
    /// The squads that approved.
    pub approved_by: BTreeSet<SquadName>,
    /// What a change of unowned paths means.
    pub unowned: Unowned,
}

impl Proposal<'_> {
    /// How the change stands to what belongs to a squad, or to nobody.
    pub(super) fn standing(&self, owner: Option<&Squad>) -> Standing {
        match owner {
            None => Standing::Unowned,
            Some(owner) if owner.name == self.squad.name => Standing::Own,
            Some(owner) if self.approved_by.contains(&owner.name) => Standing::Approved,
            Some(_) => Standing::Foreign,
        }
    }
}

/// Judges a change: its paths, and what the manifests in it claim.
pub fn judge<'b>(
    boundaries: &'b Boundaries,
    proposal: &Proposal<'b>,
    mut changes: Vec<Change>,
    manifests: Manifests,
) -> Verdict<'b> {
    changes.sort();
    changes.dedup();
    let files = changes.into_iter().map(|change| {
        let owner = boundaries.owner_of(&change.path);
        FileVerdict {
            standing: proposal.standing(owner.map(|owner| owner.squad)),
            owner,
            change,
        }
    });
    Verdict {
        squad: proposal.squad,
        unowned: proposal.unowned,
        files: files.collect(),
        collisions: collisions(boundaries, proposal, manifests.claims),
        broken: manifests.broken,
    }
}
