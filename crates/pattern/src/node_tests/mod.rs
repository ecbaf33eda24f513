//! Compares patterns with Node.js, whose engine is an independent implementation of ECMA-262.
//!
//! `PORTCULLIS_TEST_LOAD=full` compares thousands of patterns and prints a table; otherwise a few
//! hundred are compared.

mod pattern_generator;
mod subject_generator;
mod real_patterns;
mod node_matcher;
mod comparison;
