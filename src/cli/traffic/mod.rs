//! `portcullis traffic`: who calls which operations of a running proxy, and how often.

mod traffic_args;
mod traffic_command;
mod traffic_reply;
mod traffic_text;

pub(super) use traffic_args::TrafficArgs;
pub(super) use traffic_command::traffic;
