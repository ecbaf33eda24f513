//! Tests of containment: by keyword, by corpora, and with random schemas.

mod harness;
mod drafts;
mod explained_breaks;
mod random_schemas;
mod containment_corpora;
mod contract_corpora;
mod keyword_cases;
mod wide_alternatives;
