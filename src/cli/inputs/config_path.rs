//! The path of the configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::config_argument::ConfigArgument;
use crate::cli::run_error::RunError;
use portcullis_config::CONFIG_VARIABLE;

/// The configuration file that is used by default.
const CONFIG_FILE: &str = "config.toml";

/// The configuration to read, for a command that can run without one: that of the flag, else that of
/// the environment variable.
pub(crate) fn optional_config_path(named: Option<&Path>) -> Option<PathBuf> {
    chosen(named, std::env::var_os(CONFIG_VARIABLE))
}

/// The configuration to read: that of the argument, else that of the environment variable, else
/// `config.toml` in the working directory.
///
/// # Errors
/// If it does not exist.
pub(crate) fn config_path(
    named: Option<&Path>,
    argument: ConfigArgument,
) -> Result<PathBuf, RunError> {
    let path = optional_config_path(named).unwrap_or_else(|| PathBuf::from(CONFIG_FILE));
    // What cannot be looked at is reported when it is read.
    match path.try_exists() {
        Ok(false) => Err(RunError::NoConfiguration { path, argument }),
        Ok(true) | Err(_) => Ok(path),
    }
}

fn chosen(named: Option<&Path>, variable: Option<OsString>) -> Option<PathBuf> {
    let variable = variable
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    named.map(Path::to_owned).or(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_wins() {
        let check = |named: Option<&str>, variable: &str, expected: Option<&str>| {
            let found = chosen(named.map(Path::new), Some(OsString::from(variable)));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{named:?}");
        };
        check(Some("a.toml"), "b.toml", Some("a.toml"));
        check(None, "b.toml", Some("b.toml"));
        check(None, "", None);
    }
}
