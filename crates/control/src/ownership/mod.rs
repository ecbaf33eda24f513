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
mod overlap;
mod boundaries;
mod verdict;
mod judge;
mod manifest;
mod collision;
mod cycle;
mod survey;
mod codeowners;

pub use boundaries::{PathOwner, SquadBoundaries};
pub use codeowners::{CodeownersImport, UnsupportedLine, export, import};
pub use collision::{ClaimCollision, CollisionKind};
pub use judge::{ChangeProposal, judge};
pub use manifest::{
    BrokenManifest, ClaimKind, ManifestClaim, ManifestClaims, looks_like_manifest, read_manifests,
};
pub use survey::{CatalogConcern, CatalogContract, ConcernKind, survey};
pub use verdict::{FileVerdict, OwnershipStanding, OwnershipVerdict, PathChange, PathChangeKind};

#[cfg(test)]
mod tests;
