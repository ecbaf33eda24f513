//! What is written for a tool, and what it is written from.

/// The configuration of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryFile {
    /// Its text.
    pub text: String,
    /// What the tool cannot express, each in a sentence.
    pub inexpressible: Vec<String>,
}

/// The files of a repository, for tools that know packages.
#[derive(Clone, Copy, Debug)]
pub struct CodeFiles<'f> {
    /// The paths from the root of the repository.
    pub paths: &'f [String],
    /// The folders where names of packages start, without a slash at the end; an empty name is the
    /// root of the repository.
    pub roots: &'f [String],
}

impl<'f> CodeFiles<'f> {
    /// Each file with this ending below one of the roots, and its path from there.
    pub(super) fn below_roots(self, ending: &str) -> impl Iterator<Item = (&'f str, &'f str)> {
        let files = self.paths.iter().filter(move |path| path.ends_with(ending));
        files.filter_map(move |path| Some((path.as_str(), self.below_root(path)?)))
    }

    /// The path of a file from its root. Of nested roots the longest counts.
    fn below_root(self, path: &'f str) -> Option<&'f str> {
        let below = |root: &String| match root.as_str() {
            "" => Some(path),
            root => path.strip_prefix(root)?.strip_prefix('/'),
        };
        self.roots
            .iter()
            .filter_map(below)
            .min_by_key(|rest| rest.len())
    }
}

/// The first lines of a file, each after the sign of comments.
pub(super) fn heading(comment: &str, catalog: &str) -> String {
    format!(
        "{comment} Written by `portcullis owners boundaries` from {catalog}: change that instead.\n"
    )
}
