//! `portcullis manifests`: prints what the platform needs, from the catalog and the configuration.

mod compressed_contracts;
mod config_text;
mod delivery_commands;
mod gateway_command;
mod argument_values;
mod alertmanager_args;
mod alertmanager_command;
mod catalog_args;
mod store_args;
mod manifests_args;
mod manifests_command;
mod manifests_error;
mod proxy_files;
mod sidecar_command;
mod slo_command;
mod squad_command;
mod store_commands;

pub(super) use manifests_args::ManifestsArgs;
pub(super) use manifests_command::manifests;
pub(super) use manifests_error::ManifestsError;
