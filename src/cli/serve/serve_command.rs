//! `portcullis serve`: finds the configuration, starts logging, hands over to the application.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app;
use crate::config;
use crate::config::{CONFIG_VARIABLE, FlagOverrides};
use crate::telemetry;

use crate::cli::command_line::ServeArgs;
use crate::cli::dispatch::{CommandOutcome, RunError};

/// The configuration that is read when nobody names one.
const CONFIG_FILE: &str = "config.toml";

/// Serves until the process is told to stop.
pub(crate) fn serve(args: ServeArgs) -> Result<CommandOutcome, RunError> {
    let variable = std::env::var_os(CONFIG_VARIABLE);
    let path = config_path(&args, variable, Path::new(CONFIG_FILE).exists())?;
    let overrides = overrides(args);
    let read = move || config::load(path.as_deref(), std::env::vars_os(), &overrides);
    let config = read()?;
    let _log = telemetry::init_log(&config.log);
    app::run(config, Some(Arc::new(read)))?;
    Ok(CommandOutcome::Success)
}

/// Which configuration to read where no flags stand in for one.
pub(crate) fn configuration(named: Option<&Path>) -> Result<PathBuf, RunError> {
    let args = ServeArgs {
        config: named.map(Path::to_owned),
        ..ServeArgs::default()
    };
    let variable = std::env::var_os(CONFIG_VARIABLE);
    let path = config_path(&args, variable, Path::new(CONFIG_FILE).exists())?;
    path.ok_or(RunError::NoConfiguration)
}

/// Which file to read: the flag's, else the variable's, else the one of the working directory.
/// The last is for those who name nothing: `--contract` alone means no file at all.
fn config_path(
    args: &ServeArgs,
    variable: Option<OsString>,
    has_default: bool,
) -> Result<Option<PathBuf>, RunError> {
    let variable = variable
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    if let Some(named) = args.config.clone().or(variable) {
        return Ok(Some(named));
    }
    match (&args.contract, has_default) {
        (Some(_), _) => Ok(None),
        (None, true) => Ok(Some(PathBuf::from(CONFIG_FILE))),
        (None, false) => Err(RunError::NoConfiguration),
    }
}

fn overrides(args: ServeArgs) -> FlagOverrides {
    let ServeArgs {
        config: _,
        contract,
        upstream,
        listen,
        admin,
        log_format,
        log_level,
    } = args;
    FlagOverrides {
        listen,
        admin,
        contract,
        upstream,
        log_format,
        log_level,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::command_line::{CliArgs, CliCommand};

    fn args(words: &str) -> ServeArgs {
        let words = ["portcullis", "serve"]
            .into_iter()
            .chain(words.split_whitespace());
        match CliArgs::parse_from(words).command {
            CliCommand::Serve(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_configuration_is_found() {
        let check = |words: &str, variable: &str, has_default: bool, expected: &str| {
            let variable = Some(OsString::from(variable));
            let found = match config_path(&args(words), variable, has_default) {
                Ok(path) => path.map_or("none".to_owned(), |path| path.display().to_string()),
                Err(error) => error.to_string(),
            };
            assert!(found.starts_with(expected), "{words}: {found}");
        };
        check("--config a.toml", "b.toml", true, "a.toml");
        check("", "b.toml", true, "b.toml");
        check("--contract c.yaml", "b.toml", true, "b.toml");
        check("", "", true, "config.toml");
        check("--contract c.yaml", "", true, "none");
        check("--contract c.yaml", "", false, "none");
        check(
            "",
            "",
            false,
            "there is no config.toml in the working directory; name",
        );
    }

    #[test]
    fn every_flag_overrides() {
        let given = "--contract a --upstream b --listen c --admin d --log-format e --log-level f";
        let text = |text: &str| Some(text.to_owned());
        let expected = FlagOverrides {
            contract: text("a"),
            upstream: text("b"),
            listen: text("c"),
            admin: text("d"),
            log_format: text("e"),
            log_level: text("f"),
        };
        assert_eq!(overrides(args(given)), expected);
        assert_eq!(overrides(args("")), FlagOverrides::default());
    }
}
