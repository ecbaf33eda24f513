//! The scorecard of services: what their squads have arranged, and how to close what is missing.
//!
//! [`Scorecard`] checks every service of a catalog. `score_check` is one check with its result, and
//! `autonomy_check` decides how far a service depends on other squads.

mod score_check;
mod autonomy_check;
mod service_scorecard;

pub use score_check::{ScoreCheck, ScoreKind};
pub use service_scorecard::{DeprecatedPart, Scorecard, ScoredContract, ServiceScore};
