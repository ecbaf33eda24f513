//! The raw values of a configuration, before they have a meaning.
//!
//! [`config_tree`] parses TOML into a tree in which every value has a location; [`environment`]
//! writes variables into the same tree. A [`ConfigSection`] hands out the values of one table and
//! reports unknown keys. The functions of [`config_value`] convert a value to a type. Everything
//! that is wrong is collected in [`ConfigProblems`].

mod config_problem;
pub(super) mod config_tree;
pub(super) mod environment;
pub(super) mod config_value;
mod config_section;

pub use config_problem::{ConfigErrors, ConfigProblem, nearest};
pub(super) use config_problem::{ConfigProblems, ConfigValueError, suggestion};
pub(super) use config_section::ConfigSection;
pub(super) use config_tree::{ConfigNode, ConfigTable, ConfigValue};
