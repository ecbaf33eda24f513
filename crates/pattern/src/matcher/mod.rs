//! Matches patterns.
//!
//! Only whether a pattern matches somewhere is asked, never where. So `pattern_matcher` takes the
//! cheapest engine that gives the same answer:
//!
//! - `word_list` for texts written out, and `class_run` for classes in a row (`^[a-z][a-z0-9-]{0,62}$`);
//! - `linear_engine`, which is that of `regex-automata`, for what is regular and not large;
//! - `counting_program` and `counting_match` for look-around and for large counted repetitions;
//! - `backtrack_program` and `backtrack_match` for references to groups.
//!
//! A pattern such as `^(?=.*\d)(?!.*x).{8,}$` is three patterns that are matched one after another,
//! each by its own engine (`pattern_conditions`). The last two engines take steps, and give up after
//! a number of them.

mod match_budget;
mod character_set;
mod word_list;
mod class_run;
mod linear_engine;
mod shortened_tree;
mod pattern_conditions;
mod counting_program;
mod counting_match;
mod backtrack_program;
mod backtrack_match;
mod pattern_matcher;

pub use class_run::QuotedRun;
pub use pattern_matcher::{EcmaPattern, MatchEngine};

#[cfg(test)]
mod tests;
