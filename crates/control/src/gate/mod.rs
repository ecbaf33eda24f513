//! The gate: may this revision go out? Pure.
//!
//! What was deployed is a [`Record`], which is read strictly and changed by `history`; the
//! contracts themselves are kept as [`Content`]. A [`Case`] holds all that a verdict is made of,
//! and each of the `rules` has its say: what breaks and who approved of it (`breaks`), whom it
//! reaches (`reach`), what was measured. Time is an argument everywhere.

mod moment;
mod deployment;
mod record;
mod history;
mod content;
mod reason;
mod reach;
mod breaks;
mod case;
mod rules;
mod verdict;

pub use breaks::Compared;
pub use case::{Case, Measured, base, rollback_approvals};
pub use content::{Content, ContentDamage};
pub use deployment::{Approved, Deployment, End, Ended, Judged, Overridden};
pub use history::{CLOCK_SKEW_MAX, RETENTION_DEFAULT, Refusal};
pub use moment::Moment;
pub use reach::{BlastRadius, Broken, Reached, SharedFlag, Usage};
pub use reason::{Change, GateRule, Reason, SourcePlace, Weight};
pub use record::{Damage, FORMAT, RECORD_BYTES_MAX, Record};
pub use verdict::{Decision, Verdict};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdict_tests;
