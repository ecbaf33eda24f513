//! Compatibility: what the next revision of a contract means for those who keep to this one.
//! Pure.
//!
//! Two compiled contracts in, judged changes out. `schema` decides by containment whether all
//! values of one schema are values of another, and gives a value that is not wherever the answer
//! is no. `structure` compares everything else by the table of `rules`; `edits` finds where
//! schemas are written otherwise, and `judgement` joins these edits with what containment says.
//! A `witness` is shown only when the validators of both contracts confirm it. Nothing here
//! reads a file, asks a clock or knows of git: those stand above.

pub mod containment;
mod change_level;
mod diff_rule;
mod rules;
mod date;
mod compare_options;
mod compat_finding;
mod operation_diff;
mod schema_diff;
mod containment_checker;
mod schema_judgement;
mod responsible_edits;
mod witness;
mod semver;
mod change_approval;
mod compare;

pub use change_approval::{ApprovalSet, ChangeApproval};
pub use change_level::{ChangeCertainty, ChangeLevel};
pub use compare::{CompatCounts, CompatReport, compare};
pub use compare_options::CompareOptions;
pub use compat_finding::{ChangeLocation, ChangeSubject, CompatFinding, ExchangePart};
pub use date::Date;
pub use diff_rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule, MirrorRule, rules};
pub use semver::{VersionAdvice, VersionBump};
pub use witness::{Witness, WitnessRequest};
