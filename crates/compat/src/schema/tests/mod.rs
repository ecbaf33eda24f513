//! Tests of containment: keyword by keyword, by corpora, and by chance.

mod bench;
mod drafts;
mod explained;
mod chance;
mod containment;
mod contracts;
mod keywords;
