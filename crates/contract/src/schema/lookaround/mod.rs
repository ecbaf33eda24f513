//! Patterns with look-around, matched in time proportional to the text.
//!
//! A backtracking engine looks ahead again at every character where a match may start, so
//! `(?=.*\d)(?=.*[a-z]).{8,}` takes time with the square of the text, and a repeated group around it
//! takes more. But look-around is regular: whether `(?=.*\d)` holds is a property of each position,
//! and one pass over the text finds it for all positions. So `lookaround_program` compiles each
//! look-around and the rest of the pattern into automata, and `lookaround_match` runs them one after
//! another: those that look ahead from the end of the text, the others from its start. Each run
//! visits every state at most once for a character.
//!
//! Backreferences are not regular. Patterns with them stay with the backtracking engine
//! (`pattern_engine`).

mod lookaround_match;
mod lookaround_program;
mod pattern_engine;

pub(crate) use pattern_engine::{BACKTRACKS_MAX, PatternEngine};

#[cfg(test)]
mod tests;
