//! `portcullis check`.

pub(crate) mod check_command;
pub(crate) mod check_report;
pub(crate) mod check_text;
