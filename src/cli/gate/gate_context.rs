//! What the subcommands of the gate take from their environment: the user and the time.

use std::env;
use std::time::SystemTime;

use portcullis_control::gate::UtcTimestamp;

/// The variables that name the user, in the order of their precedence.
const USER_VARIABLES: [&str; 3] = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER"];

/// Who runs the command: the argument, else the user of the pipeline or the shell.
pub(super) fn actor_name(by: Option<&str>) -> String {
    let from_variables = USER_VARIABLES
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    let mut names = by.map(str::to_owned).into_iter().chain(from_variables);
    names
        .find(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The current time.
pub(super) fn now() -> UtcTimestamp {
    UtcTimestamp::of(SystemTime::now())
}
