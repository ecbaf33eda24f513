//! Compares two revisions of a contract and reports what the changes mean for its consumers.
//!
//! The input is two compiled contracts, the output a list of findings ([`compare`]).
//! `operation_diff` compares operations, parameters, bodies, responses and security by the rules in
//! `rules`. `schema_diff` finds the keywords that differ between two schemas. `containment` decides
//! whether every value of one schema is valid under another, and gives a counterexample where it is
//! not. `schema_findings` turns the edits of `schema_diff` and the verdicts of `containment` into
//! findings; `broken_part_findings` adapts them to what could not be compiled, and `hidden_edits`
//! names what cannot be compared. `rule_breaks` asks the validators about breaks that a rule alone
//! claims. `witness` builds a message from each counterexample; a finding shows it only if the
//! validators of both contracts confirm it. `level_settings` applies the levels that a team sets.
//! `merged_findings` joins the findings of one cause, so a change of a shared schema is one finding
//! with many places. `change_fingerprint` gives each finding the key that approvals refer to.
//!
//! The crate is pure: it reads no files and no clock, and does not know git.

mod change_level;
mod diff_rule;
mod rules;
mod change_approval;
mod approval_set;
mod compat_finding;
mod level_settings;
mod compare_options;
mod operation_diff;
mod schema_diff;
mod containment;
mod containment_checker;
mod rule_effects;
mod edit_recognition;
mod edit_patches;
mod witness;
mod rule_breaks;
mod broken_schema_parts;
mod schema_verdicts;
mod joint_breaks;
mod schema_witness;
mod schema_findings;
mod broken_aspect_match;
mod broken_part_findings;
mod hidden_edits;
mod semantic_version;
mod version_advice;
mod merged_findings;
mod contract_place;
mod content_digest;
mod change_fingerprint;
mod compare;

#[cfg(test)]
mod property_tests;

pub use approval_set::ApprovalSet;
pub use broken_part_findings::RevisionBrokenPart;
pub use change_approval::{ChangeApproval, ContractNames};
pub use change_level::{ChangeCertainty, ChangeLevel};
pub use compare::{CompatCounts, CompatReport, compare};
pub use compare_options::{CompareOptions, EventCompatibility};
pub use compat_finding::{ChangeLocation, ChangePlace, ChangeSubject, CompatFinding, ExchangePart};
pub use diff_rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule, MirrorRule};
pub use level_settings::{LevelSettings, RuleLevel, UnknownRule};
pub use portcullis_vocabulary::Date;
pub use rules::rules;
pub use semantic_version::{SemanticVersion, VersionBump};
pub use version_advice::VersionAdvice;
pub use witness::{Witness, WitnessRequest, WitnessResponse};

#[cfg(test)]
mod change_fingerprint_tests;
#[cfg(test)]
mod event_pair_tests;
