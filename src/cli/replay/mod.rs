//! `portcullis replay`: validates recorded exchanges offline.
//!
//! `recording` reads HTTP Archives and JSON Lines within bounds, and `replay_run` validates their
//! exchanges; `recorded_hosts` chooses those that are for the service. `verdict_line` is the JSON of one verdict, `replay_tally` counts all verdicts, `replay_notes` says what was ignored,
//! `replay_summary` prints the counts for humans, and `replay_findings` translates violations for
//! the formats that all commands share. `event_replay` does the same with
//! events, whose verdicts are in `event_verdict_line`. Memory is bounded: it does not grow with the length of a
//! recording.

mod replay_args;
mod replay_setup;
mod replay_run;
mod recording;
mod recorded_hosts;
mod verdict_line;
mod replay_tally;
mod replay_summary;
mod replay_findings;
mod replay_notes;
mod replay_progress;
mod event_verdict_line;
mod event_replay;

pub(super) use replay_args::ReplayArgs;
pub(super) use replay_run::replay;
