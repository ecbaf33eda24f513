//! Compares two revisions of a contract and reports what the changes mean for its consumers.
//!
//! The input is two compiled contracts, the output a list of findings ([`compare`]).
//! `operation_diff` compares operations, parameters, bodies, responses and security by the rules in
//! `rules`. `schema_diff` finds the keywords that differ between two schemas. `containment` decides
//! whether every value of one schema is valid under another, and gives a counterexample where it is
//! not. `schema_findings` turns the edits of `schema_diff` and the verdicts of `containment` into
//! findings. `witness` builds a message from each counterexample; a finding shows it only if the
//! validators of both contracts confirm it.
//!
//! The crate is pure: it reads no files and no clock, and does not know git.
//!
//! The crate is pure: it reads no files and no clock, and does not know git.

mod date;
mod compare_options;
mod change_level;
mod diff_rule;
mod rules;
mod change_approval;
mod compat_finding;
mod operation_diff;
mod schema_diff;
mod containment;
mod containment_checker;
mod rule_effects;
mod edit_recognition;
mod edit_patches;
mod witness;
mod schema_findings;
mod semantic_version;
mod version_advice;
mod compare;

#[cfg(test)]
mod property_tests;

pub use change_approval::{ApprovalSet, ChangeApproval};
pub use change_level::{ChangeCertainty, ChangeLevel};
pub use compare::{CompatCounts, CompatReport, compare};
pub use compare_options::CompareOptions;
pub use compat_finding::{ChangeLocation, ChangeSubject, CompatFinding, ExchangePart};
pub use date::Date;
pub use diff_rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule, MirrorRule};
pub use rules::rules;
pub use semantic_version::{SemanticVersion, VersionBump};
pub use version_advice::VersionAdvice;
pub use witness::{Witness, WitnessRequest};
