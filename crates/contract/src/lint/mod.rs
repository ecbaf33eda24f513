//! What a contract's author should know beyond what keeps it from being enforced.
//!
//! Compiling looks at what operations need and refuses what cannot be enforced. This looks at
//! everything, components that nothing uses included, and only warns: about examples that
//! their own schemas refuse, and about what is written and silently does nothing. A warning
//! that is not true costs more trust than one that is missing, so whatever can be read in two
//! ways is read in the author's favour.

mod lint_contract;
mod contract_survey;
mod lint_findings;
mod invalid_examples;
mod ineffective_keywords;
mod parameter_styles;
mod coverage;

pub use lint_contract::lint;

#[cfg(test)]
mod tests;
