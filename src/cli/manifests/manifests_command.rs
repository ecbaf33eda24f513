//! Prints the manifests of the kind that the arguments name.

use portcullis_manifests::{ManifestDocument, yaml_stream};

use super::manifests_args::{ManifestsArgs, ManifestsKind};
use super::{
    alertmanager_command, delivery_commands, gateway_command, sidecar_command, slo_command,
    squad_command, store_commands,
};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Runs `portcullis manifests`.
pub(crate) fn manifests(
    args: &ManifestsArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.kind {
        ManifestsKind::Sidecar(args) => print_yaml(out, &[sidecar_command::sidecar(args)?]),
        ManifestsKind::Squad(args) => print_yaml(out, &squad_command::squad(args)?),
        ManifestsKind::Gateway(args) => print_yaml(out, &gateway_command::gateway(args)?),
        ManifestsKind::Injection(args) => print_yaml(out, &delivery_commands::injection(args)),
        ManifestsKind::Postgres(args) => out.write(&store_commands::postgres(args)?),
        ManifestsKind::Pgbouncer(args) => out.write(&store_commands::pgbouncer(args)?),
        ManifestsKind::Redis(args) => out.write(&store_commands::redis(args)?),
        ManifestsKind::Argocd(args) => print_yaml(out, &delivery_commands::argocd(args)?),
        ManifestsKind::GateHook(args) => print_yaml(out, &delivery_commands::hook(args)?),
        ManifestsKind::Alertmanager(args) => {
            print_yaml(out, &[alertmanager_command::alertmanager(args)?]);
        }
        ManifestsKind::Slo(args) => print_yaml(out, &slo_command::slo(args)?),
        ManifestsKind::Rollouts(args) => print_yaml(out, &delivery_commands::rollouts(args)?),
    }
    out.finish()?;
    Ok(CommandOutcome::Success)
}

fn print_yaml(out: &mut ReportWriter, documents: &[ManifestDocument]) {
    out.write(&yaml_stream(documents));
}
