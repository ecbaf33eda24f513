//! Commands that give each squad a user of Redis, for keys and channels with the name of the squad.
//!
//! Commands that show or change what belongs to others are not allowed: keys of others cannot be read
//! by name, but SCAN would list them. The text has commands only: `redis-cli` has no comments.

use std::fmt::Write;

use portcullis_vocabulary::CatalogFile;

use super::store_account::{account, account_squads};
use crate::manifest_problem::ManifestProblems;

/// What a squad may do with its keys. Functions belong to the whole server, and tracking reveals the
/// keys of others.
const COMMANDS: &str = "-@all +@read +@write +@connection +@transaction +@pubsub +eval +evalsha \
    +script|load +script|exists -@dangerous -@admin -scan -randomkey -dbsize -pubsub -function \
    -client|tracking";

/// The commands for all squads.
///
/// # Errors
/// If a squad cannot have a user.
pub fn redis_acl(file: &CatalogFile) -> Result<String, ManifestProblems> {
    let squads = account_squads(file)?;
    let mut text = String::new();
    for squad in squads {
        let (user, name) = (account(squad), &squad.name);
        let _ = writeln!(
            text,
            "ACL SETUSER {user} on resetkeys ~{name}:* resetchannels &{name}:* {COMMANDS}"
        );
    }
    Ok(text)
}
