//! The path of the configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::run_error::RunError;
use portcullis_config::CONFIG_VARIABLE;

/// The configuration file that is used by default.
const CONFIG_FILE: &str = "config.toml";

/// The configuration to read: that of the flag, else that of the environment variable, else
/// `config.toml` in the working directory. `None` if all are missing and `is_optional`; an
/// optional configuration is never the default one.
pub(crate) fn config_path(
    named: Option<&Path>,
    is_optional: bool,
) -> Result<Option<PathBuf>, RunError> {
    let variable = std::env::var_os(CONFIG_VARIABLE);
    choose(
        named,
        variable,
        is_optional,
        Path::new(CONFIG_FILE).exists(),
    )
}

/// The configuration to read, for commands that cannot run without one.
pub(crate) fn required_config_path(named: Option<&Path>) -> Result<PathBuf, RunError> {
    config_path(named, false)?.ok_or(RunError::NoConfiguration)
}

fn choose(
    named: Option<&Path>,
    variable: Option<OsString>,
    is_optional: bool,
    has_default: bool,
) -> Result<Option<PathBuf>, RunError> {
    let variable = variable
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    if let Some(path) = named.map(Path::to_owned).or(variable) {
        return Ok(Some(path));
    }
    match (is_optional, has_default) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(PathBuf::from(CONFIG_FILE))),
        (false, false) => Err(RunError::NoConfiguration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_configuration() {
        let check = |named: Option<&str>, variable: &str, is_optional, has_default, expected| {
            let variable = Some(OsString::from(variable));
            let found = match choose(named.map(Path::new), variable, is_optional, has_default) {
                Ok(path) => path.map_or("none".to_owned(), |path| path.display().to_string()),
                Err(error) => error.to_string(),
            };
            assert!(found.starts_with(expected), "{named:?}: {found}");
        };
        check(Some("a.toml"), "b.toml", false, true, "a.toml");
        check(None, "b.toml", false, true, "b.toml");
        check(None, "b.toml", true, true, "b.toml");
        check(None, "", false, true, "config.toml");
        check(None, "", true, true, "none");
        check(None, "", true, false, "none");
        check(
            None,
            "",
            false,
            false,
            "there is no config.toml in the working directory; name",
        );
    }
}
