//! `portcullis replay`: judges recorded exchanges offline.
//!
//! `input` hands out lines or archives within bounds, `run` judges what they hold, `verdict` is
//! one judgement for programs, `tally` the sum of all of them and `summary` its form for people.
//! Nothing grows with the length of a recording but the numbers in the tally.

mod replay_run;
mod recording;
mod verdict_line;
mod replay_tally;
mod replay_summary;
mod replay_progress;

pub(super) use replay_run::replay;
