//! The prose of each file and the phrases in it that give bad prose away.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::phrase_list::{COUNTED, HINTS, PhraseList, PhraseMatch, REFUSED};
use crate::prose;
use crate::prose_reader::ProseWord;
use crate::source_files::{RustFile, TextFile};

/// The prose of one file.
#[derive(Debug)]
pub struct FileProse<'a> {
    /// Path from the root.
    pub path: &'a str,
    /// How many words people read in it.
    pub words: usize,
    /// Phrases that are always wrong.
    pub refused: Vec<PhraseMatch<'static>>,
    /// Phrases that are odd and count in the measure.
    pub counted: Vec<PhraseMatch<'static>>,
    /// Phrases that are worth a second look.
    pub hints: Vec<PhraseMatch<'static>>,
}

impl FileProse<'_> {
    /// How many phrases count in the measure.
    pub fn odd_count(&self) -> usize {
        self.refused.len() + self.counted.len()
    }

    /// The phrases to list, by line.
    fn listed(&self, with_hints: bool) -> Vec<&PhraseMatch<'static>> {
        let hints = self.hints.iter().filter(|_| with_hints);
        let mut listed: Vec<_> = self
            .refused
            .iter()
            .chain(&self.counted)
            .chain(hints)
            .collect();
        listed.sort_by_key(|found| found.line);
        listed
    }
}

/// The prose of every Rust and Markdown file and of `config.toml`.
pub fn file_prose<'a>(texts: &[&'a TextFile], files: &[RustFile<'a>]) -> Vec<FileProse<'a>> {
    let [refused, counted, hints] = [REFUSED, COUNTED, HINTS].map(PhraseList::parse);
    let search = |path, words: &[ProseWord]| FileProse {
        path,
        words: words.len(),
        refused: refused.find(words),
        counted: counted.find(words),
        hints: hints.find(words),
    };
    let of_rust = files
        .iter()
        .map(|file| search(file.path, &prose::of_rust(file)));
    let of_text = texts.iter().filter_map(|file| {
        let words = match file.path.rsplit_once('.')? {
            (_, "md") => prose::of_markdown(&file.text),
            ("config", "toml") => prose::of_toml(&file.text),
            _ => return None,
        };
        Some(search(&file.path, &words))
    });
    of_rust.chain(of_text).collect()
}

/// The files with the most odd phrases, each with its lines.
pub fn worst_files(prose: &[FileProse<'_>], with_hints: bool) -> String {
    let listed = prose.iter().map(|file| (file, file.listed(with_hints)));
    let mut files: Vec<_> = listed.filter(|(_, listed)| !listed.is_empty()).collect();
    files.sort_by_key(|(_, listed)| Reverse(listed.len()));
    let mut list = String::new();
    for (file, listed) in files {
        let _ = writeln!(
            list,
            "{}: {} in {} words",
            file.path,
            listed.len(),
            file.words
        );
        for found in listed {
            let _ = writeln!(list, "  {}", shown(file.path, found));
        }
    }
    list
}

/// A phrase with its place and what to write instead.
pub fn shown(path: &str, found: &PhraseMatch<'_>) -> String {
    format!(
        "{path}:{}: \"{}\": {}",
        found.line, found.words, found.instead
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::rust_file;

    #[test]
    fn phrases_are_listed_by_line() {
        let readme = TextFile {
            path: "README.md".into(),
            text: "Nothing odd here.".into(),
        };
        let files = [rust_file(
            "src/a.rs",
            "// It is gone.\n// Whom?\n\n// What a file tells.",
        )];
        let prose = file_prose(&[&readme], &files);
        assert_eq!(
            (prose[0].words, prose[0].odd_count(), prose[1].words),
            (8, 2, 3)
        );
        assert_eq!(
            worst_files(&prose, false),
            "src/a.rs: 2 in 8 words\n  \
             src/a.rs:1: \"is gone\": was removed, has closed\n  \
             src/a.rs:4: \"tells\": report, say, show, distinguish\n"
        );
        assert!(worst_files(&prose, true).contains("src/a.rs:2: \"whom\""));
    }
}
