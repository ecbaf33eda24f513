//! `portcullis deploy-window`.

pub(crate) mod deploy_window_command;
