//! The HTTP client for the admin port of a running proxy.
//!
//! `breakers`, `deploy-window`, `contract`, `config` and `gate --open-window` use it. The proxy
//! validates all requests; its error messages are printed as they are.

mod admin_args;
mod admin_target;
mod admin_token_file;
mod admin_client;
mod admin_error;
mod change_output;

pub(super) use admin_args::{AdminArgs, AdminChangeArgs};
pub(super) use admin_client::{
    AdminClient, ChangeOutcome, DEPLOY_WINDOWS, DocumentUpload, body_with_reason,
};
pub(super) use admin_error::AdminError;
pub(super) use change_output::{print_change, print_problems};
