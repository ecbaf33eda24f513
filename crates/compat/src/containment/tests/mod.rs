//! Tests of containment: keyword by keyword, by corpora, and by chance.

mod harness;
mod drafts;
mod explained_breaks;
mod random_schemas;
mod containment_corpora;
mod contract_corpora;
mod keyword_cases;
