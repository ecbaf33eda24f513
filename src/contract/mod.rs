//! contract

mod yaml;

pub use self::yaml::{YamlError, parse_yaml};
