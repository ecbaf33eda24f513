//! `portcullis breakers`: shows the circuit breakers of a running proxy, and overrides them.

mod breakers_args;
mod breakers_command;
mod breakers_reply;
mod breakers_text;

pub(super) use breakers_args::BreakersArgs;
pub(super) use breakers_command::breakers;
