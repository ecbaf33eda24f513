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

mod args;
mod error;
mod input;
mod contents;
mod command;
mod report;
mod message;
mod text;
mod markdown;
mod notes;
mod check;
mod codeowners;
mod services;
mod backstage;

pub(super) use command::owners;
pub(super) use error::OwnersError;

pub use args::{
    CheckOwnersArgs, CodeownersArgs, ImportArgs, OwnersAction, OwnersArgs, OwnersFormat,
    UnownedChoice,
};
