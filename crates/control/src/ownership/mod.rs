//! Whose a change is: changed paths and manifests in, a verdict about the squad's boundary out.
//!
//! `boundaries` compiles the patterns of a catalog into one automaton that says in one walk who
//! owns a path; `judge` holds a change against them; `manifest` reads what the Kubernetes
//! manifests of a change claim, and `collision` judges that. `survey` is what is questionable in a
//! catalog itself. `codeowners` writes and reads CODEOWNERS.
//!
//! Pure: paths, texts and the catalog come in as values, verdicts go out as values. Who asks git
//! and prints stands above.

mod glob;
mod pattern_overlap;
mod squad_boundaries;
mod ownership_verdict;
mod change_proposal;
mod manifest_claims;
mod claim_collision;
mod dependency_cycle;
mod catalog_survey;
mod codeowners;

pub use catalog_survey::{CatalogConcern, CatalogContract, ConcernKind, survey};
pub use change_proposal::{ChangeProposal, judge};
pub use claim_collision::{ClaimCollision, CollisionKind};
pub use codeowners::{CodeownersImport, UnsupportedLine, export, import};
pub use manifest_claims::{
    BrokenManifest, ClaimKind, ManifestClaim, ManifestClaims, looks_like_manifest, read_manifests,
};
pub use ownership_verdict::{
    FileVerdict, OwnershipStanding, OwnershipVerdict, PathChange, PathChangeKind,
};
pub use squad_boundaries::{PathOwner, SquadBoundaries};

#[cfg(test)]
mod tests;
