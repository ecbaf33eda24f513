//! One line of a CODEOWNERS file.

use portcullis_vocabulary::{PathPattern, Squad};

/// A line that assigns paths to owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeownersRule {
    /// The pattern as it is written.
    pub(super) written: String,
    /// The pattern in the catalog's notation.
    pub(super) pattern: PathPattern,
    /// The owners, at least one.
    pub(super) owners: Vec<String>,
}

/// Reads a line. Blank lines and comments have no rule.
///
/// # Errors
/// Why a catalog cannot express the line.
pub(super) fn read(line: &str) -> Result<Option<CodeownersRule>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.starts_with(['[', '^']) {
        return Err("sections are a GitLab feature; a catalog has no sections".to_owned());
    }
    let (written, owners) = cut(line);
    let owners = owners.split_whitespace();
    let owners: Vec<String> = owners
        .take_while(|owner| !owner.starts_with('#'))
        .map(str::to_owned)
        .collect();
    if owners.is_empty() {
        return Err(format!(
            "`{written}` removes the owners of paths; in a catalog, the owner of a directory owns \
             all of it except what others own"
        ));
    }
    if let Some(stranger) = owners.iter().find(|owner| !Squad::is_code_owner(owner)) {
        return Err(format!(
            "`{stranger}` is not an owner; expected @user, @org/team or an e-mail address"
        ));
    }
    Ok(Some(CodeownersRule {
        pattern: pattern(written)?,
        written: written.to_owned(),
        owners,
    }))
}

/// Splits a line at the first whitespace that no backslash precedes: the pattern and the rest.
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
            "`{written}` excludes paths, and a catalog has no exclusions; assign them to a squad"
        ));
    }
    let text = written.replace("\\ ", " ");
    let inner = text.strip_suffix('/').unwrap_or(&text);
    let text = if inner.contains('/') {
        text
    } else {
        format!("**/{text}")
    };
    text.parse()
        .map_err(|error| format!("`{written}` is not a valid pattern in a catalog: {error}"))
}
