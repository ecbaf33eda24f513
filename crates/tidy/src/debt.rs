//! Lists of what is not yet as it should be. They only shrink.
//!
//! Each list is a text file of `name<TAB>count` in `crates/tidy/debt/`. More than the list says is
//! refused, and so is a list that says more than there is: `house --write-debt` rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// The counts of a list by name.
pub type DebtCounts = BTreeMap<String, usize>;

/// A list of exceptions to one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtList {
    /// Type names that are declared more than once, with how often.
    DuplicateTypes,
    /// File names in more than two folders, with how many.
    FileNames,
    /// Files on circles of imports, with how many files the circle has.
    Circles,
    /// Files with refused phrases, with how many.
    Words,
    /// Files with too many lines, with how many.
    LongFiles,
}

impl DebtList {
    /// All lists.
    pub const ALL: [Self; 5] = [
        Self::DuplicateTypes,
        Self::FileNames,
        Self::Circles,
        Self::Words,
        Self::LongFiles,
    ];

    /// The name of its file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::DuplicateTypes => "duplicate_types.txt",
            Self::FileNames => "file_names.txt",
            Self::Circles => "circles.txt",
            Self::Words => "words.txt",
            Self::LongFiles => "long_files.txt",
        }
    }

    /// Reads the list of a tree; a missing file is an empty list. Lines of another form, such as
    /// the marks of a merge conflict, are skipped.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(self, root: &Path) -> io::Result<DebtCounts> {
        match fs::read_to_string(self.path(root)) {
            Ok(text) => Ok(parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DebtCounts::new()),
            Err(error) => Err(error),
        }
    }

    /// Replaces the list of a tree.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(self, root: &Path, counts: &DebtCounts) -> io::Result<()> {
        let path = self.path(root);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut text = String::new();
        for (name, count) in counts {
            let _ = writeln!(text, "{name}\t{count}");
        }
        fs::write(path, text)
    }

    fn path(self, root: &Path) -> std::path::PathBuf {
        root.join("crates/tidy/debt").join(self.file_name())
    }
}

fn parse(text: &str) -> DebtCounts {
    let entry = |line: &str| {
        let (name, count) = line.split_once('\t')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

/// Names with a higher count than the list has.
pub fn grown<'c>(counts: &'c DebtCounts, listed: &DebtCounts) -> Vec<&'c str> {
    let is_grown = |(name, count): &(&String, &usize)| {
        listed.get(*name).is_none_or(|allowed| *count > allowed)
    };
    counts
        .iter()
        .filter(is_grown)
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Complaints about entries that say more than there is.
pub fn stale_complaints(list: DebtList, counts: &DebtCounts, listed: &DebtCounts) -> Vec<String> {
    let complaint = |(name, allowed): (&String, &usize)| {
        let count = counts.get(name).copied().unwrap_or_default();
        (count < *allowed).then(|| {
            format!(
                "crates/tidy/debt/{}: `{name}` has {count} and the list says {allowed}; run \
                 `cargo run -q -p portcullis-tidy --example house -- --write-debt`",
                list.file_name()
            )
        })
    };
    listed.iter().filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(entries: &[(&str, usize)]) -> DebtCounts {
        entries
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn lists_are_read_through_merge_conflicts() {
        let text = "<<<<<<< HEAD\na\t1\n=======\nb/c.rs\t2\n>>>>>>> other\n";
        assert_eq!(parse(text), counts(&[("a", 1), ("b/c.rs", 2)]));
    }

    #[test]
    fn more_than_the_list_says_is_found() {
        let listed = counts(&[("a", 2), ("b", 1)]);
        assert_eq!(
            grown(&counts(&[("a", 3), ("b", 1), ("c", 1)]), &listed),
            ["a", "c"]
        );
    }

    #[test]
    fn a_list_that_says_more_than_there_is_is_stale() {
        let listed = counts(&[("a", 2), ("b", 1)]);
        let complaints = stale_complaints(DebtList::Words, &counts(&[("a", 1)]), &listed);
        assert_eq!(complaints.len(), 2);
        assert!(complaints[0].contains("debt/words.txt: `a` has 1 and the list says 2; run"));
    }
}
