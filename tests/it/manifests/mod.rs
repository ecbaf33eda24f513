//! `portcullis manifests`: what it prints for the samples, whether Kubernetes and stores accept it, and
//! what it refuses.

mod alert_routes;
mod api_server;
mod kustomize_build;
mod manifest_refusals;
mod mounted_configuration;
mod postgres_roles;
mod printed_manifests;
mod redis_users;
mod schema_validation;
mod terraform_module;
pub(crate) mod yaml_round_trip;
