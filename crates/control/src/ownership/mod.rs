//! Ownership: does this change stay within its squad's boundary?
//!
//! [`SquadBoundaries`] compiles the patterns of a catalog to one automaton, which finds the owner
//! of a path in one walk. [`judge`] compares a [`ChangeProposal`] with the boundaries and returns
//! an [`OwnershipVerdict`]. [`read_manifests`] reads what the Kubernetes manifests of a change
//! claim, and `claim_collision` finds the claims that collide. [`survey`] reports gaps in a
//! catalog, `codeowners` exports and imports CODEOWNERS files, and `imports` writes the configuration
//! of tools that check imports. [`TransferPlan`] is what a catalog changes if a service moves,
//! and [`Scorecard`] what the squads of services have arranged.
//!
//! Everything is pure: paths, texts and the catalog are arguments, verdicts are results. The caller
//! runs git and prints.

mod squad_boundaries;
mod glob;
mod pattern_overlap;
mod ownership_standing;
mod change_proposal;
mod judge_change;
mod ownership_verdict;
mod manifest_claims;
mod claim_collision;
mod catalog_survey;
mod dependency_cycle;
mod codeowners;
mod imports;
mod transfer_plan;
mod scorecard;

pub use catalog_survey::{CatalogConcern, CatalogContract, ConcernKind, survey};
pub use change_proposal::ChangeProposal;
pub use claim_collision::{ClaimCollision, CollisionKind};
pub use codeowners::{
    CodeownersImport, UnsupportedLine, codeowners_handles, codeowners_lines, export, import,
};
pub use imports::{
    BoundaryFile, CodeFiles, ImportRules, arch_unit, dependency_cruiser, go_arch_lint,
    import_linter,
};
pub use judge_change::judge;
pub use manifest_claims::{
    BrokenManifest, ClaimKind, ManifestClaim, ManifestClaims, looks_like_manifest, read_manifests,
};
pub use ownership_standing::OwnershipStanding;
pub use ownership_verdict::{FileVerdict, OwnershipVerdict, PathChange, PathChangeKind};
pub use scorecard::{
    DeprecatedPart, ScoreCheck, ScoreKind, Scorecard, ScoredContract, ServiceScore,
};
pub use squad_boundaries::{PathOwner, SquadBoundaries};
pub use transfer_plan::{TransferObstacle, TransferPlan, TransferRequest, transfer_obstacles};

#[cfg(test)]
mod tests;
