//! The house rules as code: what no lint knows about imports, names, sizes and words.
//!
//! `cargo test -p portcullis-tidy` checks the tree. `cargo run -q -p portcullis-tidy --example
//! house` measures it.

pub mod lexer;
mod test_code;
pub mod sources;
pub mod sizes;
pub mod names;
pub mod paths;
pub mod graph;
pub mod prose;
pub mod phrases;
pub mod measure;
