//! `portcullis deploy-window`: opens, closes and lists deploy windows.

mod deploy_window_args;
mod deploy_window_command;
mod deploy_window_reply;
mod deploy_window_text;

pub(super) use deploy_window_args::DeployWindowArgs;
pub(super) use deploy_window_command::deploy_window;
pub(super) use deploy_window_reply::OpenWindowStatus;
pub(super) use deploy_window_text::window_text;
