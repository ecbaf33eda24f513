//! contract

mod yaml;
pub mod route;

pub use self::yaml::{YamlError, parse_yaml};
