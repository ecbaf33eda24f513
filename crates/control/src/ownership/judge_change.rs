//! Judges a change: the owners of its paths, and the claims in its manifests.

use super::change_proposal::ChangeProposal;
use super::claim_collision::collisions;
use super::manifest_claims::ManifestClaims;
use super::ownership_verdict::{FileVerdict, OwnershipVerdict, PathChange};
use super::squad_boundaries::SquadBoundaries;

/// Judges a change: the owners of its paths, and the claims in its manifests.
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
