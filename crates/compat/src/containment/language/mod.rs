//! Languages of strings: patterns as automata over characters, and the search for a word that is
//! in some of them and not in others.
//!
//! Lengths are counted in characters, as `minLength` does, so the automata are over characters,
//! too. They are made deterministic only where a search goes.

mod automaton;
mod automaton_builder;
mod lookarounds;
mod word_search;

pub(super) use automaton::Automaton;
pub(super) use automaton_builder::{compile, of_words};
pub(super) use lookarounds::{split_lookarounds, without_lookarounds};
pub(super) use word_search::{WordOutcome, WordSearch};
