//! Changed paths, parsed from the output of `git diff --name-status -z`.

use super::repository_error::RepositoryError;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStatus {
    /// The path is new.
    Added,
    /// The content or the type changed.
    Modified,
    /// The path was removed.
    Deleted,
    /// The old name of a renamed file.
    RenamedFrom,
    /// The new name of a renamed file.
    RenamedTo,
}

/// A changed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path, relative to the root of the repository.
    pub path: String,
    /// What happened.
    pub status: PathStatus,
}

/// Splits names at zero bytes. Invalid UTF-8 is replaced: only wildcards can match such a name
/// anyway.
pub(super) fn names(bytes: &[u8]) -> impl Iterator<Item = String> {
    let names = bytes.split(|byte| *byte == 0);
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned())
}

/// Parses `git diff --name-status -z`: a status and a path, or two paths after a rename or copy.
pub(super) fn statuses(bytes: &[u8]) -> Result<Vec<ChangedPath>, RepositoryError> {
    let mut fields = names(bytes);
    let mut paths = Vec::new();
    while let Some(status) = fields.next() {
        let unknown = || RepositoryError::Answer {
            command: "diff".to_owned(),
            answer: status.clone(),
        };
        let mut next = || fields.next().ok_or_else(unknown);
        let mut add = |status, path| paths.push(ChangedPath { path, status });
        match status.bytes().next() {
            Some(b'A') => add(PathStatus::Added, next()?),
            Some(b'D') => add(PathStatus::Deleted, next()?),
            // An unmerged path counts as modified.
            Some(b'M' | b'T' | b'U') => add(PathStatus::Modified, next()?),
            Some(b'R') => {
                add(PathStatus::RenamedFrom, next()?);
                add(PathStatus::RenamedTo, next()?);
            }
            // The source of a copy is unchanged.
            Some(b'C') => {
                next()?;
                add(PathStatus::Added, next()?);
            }
            _ => return Err(unknown()),
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_statuses() {
        let check = |text: &str, expected: &str| {
            let shown = match statuses(text.replace(' ', "\0").as_bytes()) {
                Ok(paths) => paths
                    .iter()
                    .map(|path| format!("{:?} {}", path.status, path.path))
                    .collect::<Vec<_>>()
                    .join(", "),
                Err(error) => error.to_string(),
            };
            assert_eq!(shown, expected, "{text}");
        };
        check("", "");
        check("A a ", "Added a");
        check("M a D b T c", "Modified a, Deleted b, Modified c");
        check("R097 a b M c", "RenamedFrom a, RenamedTo b, Modified c");
        check("C100 a b", "Added b");
        let unknown = "git diff returned unexpected output: ";
        check("R100 a", &format!("{unknown}\"R100\""));
        check("Z a", &format!("{unknown}\"Z\""));
    }
}
