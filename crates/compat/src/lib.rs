//! Compatibility: what the next revision of a contract means for those who keep to this one.
//! Pure.
//!
//! Two compiled contracts in, judged changes out. `schema` decides by containment whether all
//! values of one schema are values of another, and gives a value that is not wherever the answer
//! is no. `structure` compares everything else by the table of `rules`; `edits` finds where
//! schemas are written otherwise, and `judgement` joins these edits with what containment says.
//! A `witness` is shown only when the validators of both contracts confirm it. Nothing here
//! reads a file, asks a clock or knows of git: those stand above.

pub mod schema;
mod level;
mod rule;
mod rules;
mod date;
mod options;
mod finding;
mod structure;
mod edits;
mod containment;
mod judgement;
mod responsible;
mod witness;
mod semver;
mod approval;
mod report;

pub use approval::{ApprovalSet, ChangeApproval};
pub use date::Date;
pub use finding::{ChangeLocation, ChangeSubject, CompatFinding, ExchangePart};
pub use level::{ChangeCertainty, ChangeLevel};
pub use options::CompareOptions;
pub use report::{CompatCounts, CompatReport, compare};
pub use rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule, MirrorRule, rules};
pub use semver::{VersionAdvice, VersionBump};
pub use witness::{Witness, WitnessRequest};
