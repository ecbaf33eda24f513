//! Changed paths, as `git diff --name-status -z` prints them.

use super::repository::RepositoryError;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStatus {
    /// It is new.
    Added,
    /// Its content or its type changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It was renamed: this is the old name.
    RenamedFrom,
    /// It was renamed: this is the new name.
    RenamedTo,
}

/// A path with what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    /// From the repository's root.
    pub path: String,
    /// What happened.
    pub status: PathStatus,
}

/// Names that end with a zero byte each. What is not UTF-8 is kept readable: only wildcards can
/// match it anyway.
pub(super) fn names(bytes: &[u8]) -> impl Iterator<Item = String> {
    let names = bytes.split(|byte| *byte == 0);
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned())
}

/// Reads `git diff --name-status -z`: a status and a path, or two paths after a rename or copy.
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
            // An unmerged path is one that still changes.
            Some(b'M' | b'T' | b'U') => add(PathStatus::Modified, next()?),
            Some(b'R') => {
                add(PathStatus::RenamedFrom, next()?);
                add(PathStatus::RenamedTo, next()?);
            }
            // What is copied stays as it is.
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
    fn statuses_are_read() {
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
        let unknown = "git diff answered what cannot be understood: ";
        check("R100 a", &format!("{unknown}\"R100\""));
        check("Z a", &format!("{unknown}\"Z\""));
    }
}
