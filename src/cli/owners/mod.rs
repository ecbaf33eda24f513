//! `portcullis owners`: does a change stay within its squad's boundary?
//!
//! `command` is the way of a run. `input` finds the catalog and the changed paths, `contents` reads
//! the manifests among them; `ownership` judges, `report` is the verdict as a value and `text`,
//! `markdown` and `notes` print it. `check` looks through a catalog, `codeowners` writes and reads
//! CODEOWNERS.
//!
//! `owners check` stands here and not in `portcullis check`, which takes contracts: a directory of
//! contracts holds the catalog as well, and one command that judges both could not say whether a
//! squad's contract or everybody's catalog is at fault.

mod owners_args;
mod owners_error;
mod owners_input;
mod changed_manifests;
mod owners_command;
mod owners_report;
mod finding_messages;
mod owners_text;
mod owners_markdown;
mod owners_notes;
mod catalog_check;
mod codeowners_command;
mod owned_services;
mod backstage;

pub(super) use owners_command::owners;
pub(super) use owners_error::OwnersError;

pub use owners_args::{
    CheckOwnersArgs, CodeownersArgs, ImportArgs, OwnersAction, OwnersArgs, OwnersFormat,
    UnownedChoice,
};
