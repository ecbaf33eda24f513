//! The house rules as code: what no lint knows about imports, names, sizes and words.
//!
//! `cargo test -p portcullis-tidy` checks the tree. `cargo run -q -p portcullis-tidy --example
//! house` measures it.

pub mod lexer;
mod test_code;
pub mod source_files;

pub mod sizes;
pub mod names;
pub mod file_rules;

pub mod named_path;
pub mod path_reader;
pub mod module_tree;
pub mod import_graph;
pub mod import_table;
pub mod import_rules;

pub mod prose_reader;
pub mod prose;
pub mod phrase_list;
pub mod file_prose;

pub mod tree_analysis;
pub mod debt;
pub mod debt_counts;
pub mod tree_rules;
pub mod house_measures;
pub mod house_table;
