//! Loads the configuration, starts logging and runs the proxy.

use std::sync::Arc;

use super::sample_folder::SampleFolder;
use super::serve_args::ServeArgs;
use crate::app::{self, LastAct};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ConfigArgument, config_path, optional_config_path};
use crate::cli::run_error::RunError;
use portcullis_config::FlagOverrides;

/// Runs the proxy until the process receives a signal to stop.
pub(crate) fn serve(args: ServeArgs) -> Result<CommandOutcome, RunError> {
    let samples = args.demo.then(SampleFolder::write).transpose()?;
    let named = args.config.as_deref();
    let path = match &samples {
        Some(samples) => Some(samples.config_path()),
        // A contract on the command line needs no configuration file.
        None if args.contract.is_some() => optional_config_path(named),
        None => Some(config_path(named, ConfigArgument::Serve)?),
    };
    let overrides = overrides(args);
    let read = move || portcullis_config::load(path.as_deref(), std::env::vars_os(), &overrides);
    let config = read()?;
    let _log = portcullis_telemetry::init_log(&config.log);
    if let Some(samples) = &samples {
        let folder = samples.path().display().to_string();
        tracing::info!(
            folder,
            "serving the samples; a contract that is edited there is reloaded"
        );
    }
    let last_act: LastAct = match &samples {
        Some(samples) => samples.removal(),
        None => Box::new(|| ()),
    };
    app::run(config, Some(Arc::new(read)), last_act)?;
    Ok(CommandOutcome::Success)
}

fn overrides(args: ServeArgs) -> FlagOverrides {
    let ServeArgs {
        config: _,
        demo: _,
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
