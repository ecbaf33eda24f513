//! Warnings for the authors of contracts.
//!
//! Compiling rejects what cannot be enforced in the operations of a contract. Linting examines the
//! whole contract, including unused components, and only warns: about examples that do not satisfy
//! their schemas, and about parts that have no effect. A false warning costs more trust than a
//! missing one, so ambiguous cases are not reported.
//!
//! `lint_contract` is the entry point. It runs one `contract_survey`, which collects what the
//! contract declares, and then each rule. `ineffective_parts` runs only the rules that matter for
//! comparing contracts.

mod lint_contract;
mod contract_survey;
mod lint_findings;
mod invalid_examples;
mod ineffective_keywords;
mod open_alternatives;
mod ineffective_parts;
mod parameter_styles;
mod coverage;

pub use ineffective_parts::ineffective_parts;
pub use lint_contract::lint;

#[cfg(test)]
mod tests;
