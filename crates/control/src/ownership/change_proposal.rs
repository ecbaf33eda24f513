//! A change, held against the boundaries of a catalog.

use std::collections::BTreeSet;

use super::claim_collision::collisions;
use super::manifest_claims::ManifestClaims;
use super::ownership_verdict::{FileVerdict, OwnershipStanding, OwnershipVerdict, PathChange};
use super::squad_boundaries::SquadBoundaries;
use portcullis_vocabulary::{Squad, SquadName, UnownedPolicy};

/// Who proposes a change, and who agrees to it.
#[derive(Clone, Debug)]
pub struct ChangeProposal<'b> {
    /// The squad that changes, one of the catalog's.
    pub squad: &'b Squad,
    /// The squads that approved.
    pub approved_by: BTreeSet<SquadName>,
    /// What a change of unowned paths means.
    pub unowned: UnownedPolicy,
}

impl ChangeProposal<'_> {
    /// How the change stands to what belongs to a squad, or to nobody.
    pub(super) fn standing(&self, owner: Option<&Squad>) -> OwnershipStanding {
        match owner {
            None => OwnershipStanding::Unowned,
            Some(owner) if owner.name == self.squad.name => OwnershipStanding::Own,
            Some(owner) if self.approved_by.contains(&owner.name) => OwnershipStanding::Approved,
            Some(_) => OwnershipStanding::Foreign,
        }
    }
}

/// Judges a change: its paths, and what the manifests in it claim.
pub fn judge<'b>(
    boundaries: &'b SquadBoundaries,
    proposal: &ChangeProposal<'b>,
    mut changes: Vec<PathChange>,
    manifests: ManifestClaims,
) -> OwnershipVerdict<'b> {
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
    OwnershipVerdict {
        squad: proposal.squad,
        unowned: proposal.unowned,
        files: files.collect(),
        collisions: collisions(boundaries, proposal, manifests.claims),
        broken: manifests.broken,
    }
}
