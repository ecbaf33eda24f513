//! JSON Schema validators of tapes.
//!
//! The validators of `jsonschema` are generic, so they are compiled where they are used. This crate is
//! the only place, because compiling them takes long: a change of the contract crate does not compile
//! them again, and a release can optimise them less than what runs for each request.

mod tape_validator;

pub use tape_validator::{NamePatternEngine, TapeValidator, TapeValidatorOptions, tape_options};
