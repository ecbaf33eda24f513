//! One line of a CODEOWNERS file.

use portcullis_vocabulary::{PathPattern, Squad};

/// A line that gives paths to owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeownersRule {
    /// The pattern as it is written.
    pub(super) written: String,
    /// The same in the catalog's notation.
    pub(super) pattern: PathPattern,
    /// At least one.
    pub(super) owners: Vec<String>,
}

/// Reads a line; nothing for blank ones and comments.
///
/// # Errors
/// Why a catalog cannot say this.
pub(super) fn read(line: &str) -> Result<Option<CodeownersRule>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.starts_with(['[', '^']) {
        return Err("sections are GitLab's; a catalog has none".to_owned());
    }
    let (written, owners) = cut(line);
    let owners = owners.split_whitespace();
    let owners: Vec<String> = owners
        .take_while(|owner| !owner.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if owners.is_empty() {
        return Err(format!(
            "`{written}` takes paths from their owners; in a catalog, who owns a directory owns \
             all of it but what others own"
        ));
    }
    if let Some(stranger) = owners.iter().find(|owner| !Squad::is_code_owner(owner)) {
        return Err(format!(
            "`{stranger}` is no owner; expected @user, @org/team or an address"
        ));
    }
    Ok(Some(CodeownersRule {
        pattern: pattern(written)?,
        written: written.to_owned(),
        owners,
    }))
}

/// The pattern, to the first blank that no backslash precedes, and the rest.
fn cut(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        if character.is_whitespace() && !is_escaped {
            return line.split_at(at);
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    (line, "")
}

fn pattern(written: &str) -> Result<PathPattern, String> {
    if written == "/" {
        return Err("`/` matches nothing; write `*` for everything".to_owned());
    }
    if written.starts_with('!') {
        return Err(format!(
            "`{written}` excepts paths, and a catalog has no exceptions; give them to a squad"
        ));
    }
    let text = written.replace("\\ ", " ");
    let inner = text.strip_suffix('/').unwrap_or(&text);
    let text = match inner.contains('/') {
        true => text,
        false => format!("**/{text}"),
    };
    text.parse()
        .map_err(|error| format!("`{written}` is no pattern of a catalog: {error}"))
}
