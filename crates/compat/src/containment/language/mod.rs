//! Languages of strings: patterns as automata, and the search for a word that is in some languages
//! and not in others.
//!
//! The automata operate on characters, because `minLength` counts characters. They are determinized
//! only where the search goes.

mod automaton;
mod automaton_builder;
mod lookarounds;
mod word_search;

pub(super) use automaton::Automaton;
pub(super) use automaton_builder::{compile, of_words};
pub(super) use lookarounds::{split_lookarounds, without_lookarounds};
pub(super) use word_search::{WordOutcome, WordSearch};
