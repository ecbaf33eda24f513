//! Comparing contracts: rules, corpora, and equivalent contracts.

pub(crate) mod diff_corpora;
pub(crate) mod diff_rules;
pub(crate) mod equivalent_contracts;
pub(crate) mod revision_pairs;
pub(crate) mod unknown_meanings;
