//! Loads the configuration, starts logging and runs the proxy.

use std::sync::Arc;

use super::serve_args::ServeArgs;
use crate::app;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::config_path;
use crate::cli::run_error::RunError;
use portcullis_config::FlagOverrides;

/// Runs the proxy until the process receives a signal to stop.
pub(crate) fn serve(args: ServeArgs) -> Result<CommandOutcome, RunError> {
    // A contract on the command line needs no configuration file.
    let path = config_path(args.config.as_deref(), args.contract.is_some())?;
    let overrides = overrides(args);
    let read = move || portcullis_config::load(path.as_deref(), std::env::vars_os(), &overrides);
    let config = read()?;
    let _log = portcullis_telemetry::init_log(&config.log);
    app::run(config, Some(Arc::new(read)))?;
    Ok(CommandOutcome::Success)
}

fn overrides(args: ServeArgs) -> FlagOverrides {
    let ServeArgs {
        config: _,
        contract,
        upstream,
        ref_root,
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
        ref_root,
        log_format,
        log_level,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct ServeWords {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn args(words: &str) -> ServeArgs {
        let words = ["serve"].into_iter().chain(words.split_whitespace());
        ServeWords::parse_from(words).args
    }

    #[test]
    fn every_flag_is_an_override() {
        let flags = "--contract a --upstream b --ref-root g --listen c --admin d --log-format e --log-level f";
        let text = |text: &str| Some(text.to_owned());
        let expected = FlagOverrides {
            contract: text("a"),
            upstream: text("b"),
            ref_root: text("g"),
            listen: text("c"),
            admin: text("d"),
            log_format: text("e"),
            log_level: text("f"),
        };
        assert_eq!(overrides(args(flags)), expected);
        assert_eq!(overrides(args("")), FlagOverrides::default());
    }
}
