//! Warnings for the authors of contracts.
//!
//! Compiling rejects what cannot be enforced in the operations of a contract. Linting examines the
//! whole contract, including unused components, and only warns: about examples that do not satisfy
//! their schemas, and about parts that have no effect. A false warning costs more trust than a
//! missing one, so ambiguous cases are not reported.
//!
//! There are two entry points. `lint_documents` needs only the documents: it walks all objects
//! (`object_walk`) as the tables of their fields say (`object_fields`) and reports unknown, missing
//! and ineffective parts. `lint_contract` needs a compiled contract: it runs one
//! `contract_survey`, which collects what the contract declares, and then each rule.
//! `ineffective_parts` runs only the rules that matter for comparing contracts.

mod problem_rules;
mod lint_documents;
mod object_kind;
mod object_field;
mod object_fields;
mod object_walk;
mod near_field;
mod unknown_fields;
mod field_types;
mod missing_fields;
mod event_schemas;
mod ineffective_constraints;
mod lint_contract;
mod declared_value;
mod contract_survey;
mod lint_findings;
mod invalid_examples;
mod ineffective_keywords;
mod open_alternatives;
mod ineffective_parts;
mod parameter_styles;
mod unwritable_values;
mod coverage;

pub use ineffective_parts::ineffective_parts;
pub use lint_contract::lint;
pub use lint_documents::lint_documents;
pub use problem_rules::ProblemRule;

#[cfg(test)]
mod lint_documents_tests;
#[cfg(test)]
mod tests;
