//! The measures of a tree as a table: sizes, names, circles and words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::phrases::{COUNTED, HINTS, PhraseList, PhraseMatch, REFUSED};
use crate::prose::{self, ProseWord};
use crate::sources::{RustFile, TextFile, area, rust_files};
use crate::{graph, names, sizes};

/// What to measure.
#[derive(Debug, Default)]
pub struct MeasureOptions {
    /// Only files whose path starts so count; all when empty.
    pub path_prefix: String,
    /// Whether phrases that no measure counts are listed, too.
    pub with_hints: bool,
}

/// The prose of one file, measured.
#[derive(Debug)]
pub struct FileProse<'a> {
    /// Path from the root.
    pub path: &'a str,
    /// How many words people read in it.
    pub words: usize,
    /// Phrases that are always wrong.
    pub refused: Vec<PhraseMatch<'static>>,
    /// Phrases that are odd.
    pub odd: Vec<PhraseMatch<'static>>,
    /// Phrases that are worth a second look.
    pub hints: Vec<PhraseMatch<'static>>,
}

/// The table of a tree.
pub fn measure(texts: &[TextFile], options: &MeasureOptions) -> String {
    let mut files = rust_files(texts);
    files.retain(|file| file.path.starts_with(&options.path_prefix));
    let prose: Vec<_> = file_prose(texts, &files, options);
    let mut table = String::new();
    let mut row = |label: &str, value: String| {
        let _ = writeln!(table, "{label:<44} {value}");
    };
    let production: Vec<_> = files.iter().filter(|file| file.is_production()).collect();
    let lines: Vec<_> = production
        .iter()
        .map(|file| file.production_lines)
        .collect();
    let total_lines: usize = lines.iter().sum();
    row(
        "files · production lines",
        format!("{} · {total_lines}", lines.len()),
    );
    row("lines/file median · p90", median_and_p90(&lines));
    let functions: Vec<_> = production
        .iter()
        .flat_map(|file| sizes::function_lines(&file.code))
        .collect();
    row("lines/function median · p90", median_and_p90(&functions));
    let long = functions.iter().filter(|&&lines| lines > 60).count();
    row("functions > 60", percent(long, functions.len()));
    let documented = production
        .iter()
        .filter(|file| file.text.starts_with("//!"))
        .count();
    row(
        "files with module docs",
        percent(documented, production.len()),
    );
    let calls = |method| -> usize {
        production
            .iter()
            .map(|file| sizes::method_calls(&file.code, method))
            .sum()
    };
    let unwraps = [
        per_thousand(calls("unwrap"), total_lines),
        per_thousand(calls("expect"), total_lines),
    ];
    row("unwrap / expect per 1,000 lines", unwraps.join(" / "));
    name_rows(&files, &mut row);
    let imports = graph::imports(&files);
    let circles = graph::circles(&imports);
    let in_circles: usize = circles.iter().map(std::collections::BTreeSet::len).sum();
    row(
        "import circles · files in them",
        format!("{} · {in_circles}", circles.len()),
    );
    prose_rows(&prose, &mut row);
    table
}

fn name_rows(files: &[RustFile<'_>], row: &mut impl FnMut(&str, String)) {
    let types = names::declared_types(files);
    let declared: usize = types.values().map(Vec::len).sum();
    let one_word: usize = types
        .iter()
        .filter(|(name, _)| names::word_count(name) == 1)
        .map(|(_, at)| at.len())
        .sum();
    let shared: usize = types
        .values()
        .map(Vec::len)
        .filter(|&count| count > 1)
        .sum();
    row("type declarations", declared.to_string());
    row("one-word type names", percent(one_word, declared));
    row("shared type names", percent(shared, declared));
    let widespread = names::file_folders(files)
        .values()
        .filter(|folders| folders.len() > 2)
        .count();
    row(
        "file names in more than two folders",
        widespread.to_string(),
    );
}

fn prose_rows(prose: &[FileProse<'_>], row: &mut impl FnMut(&str, String)) {
    let mut areas: BTreeMap<&str, Vec<&FileProse<'_>>> = BTreeMap::new();
    for file in prose {
        areas.entry(area(file.path)).or_default().push(file);
    }
    let summary = |files: &[&FileProse<'_>]| {
        let words: usize = files.iter().map(|file| file.words).sum();
        let odd: usize = files
            .iter()
            .map(|file| file.odd.len() + file.refused.len())
            .sum();
        let refused: usize = files.iter().map(|file| file.refused.len()).sum();
        format!(
            "{words} words, {} per 1,000 ({odd} odd, {refused} of them refused)",
            per_thousand(odd, words)
        )
    };
    row("odd phrases", summary(&prose.iter().collect::<Vec<_>>()));
    for (area, files) in &areas {
        row(&format!("  {area}"), summary(files));
    }
}

/// The files with the most odd phrases, each with its lines.
pub fn worst_files(texts: &[TextFile], options: &MeasureOptions) -> String {
    let mut files = rust_files(texts);
    files.retain(|file| file.path.starts_with(&options.path_prefix));
    let mut prose = file_prose(texts, &files, options);
    prose.retain(|file| !file.listed(options).is_empty());
    prose.sort_by_key(|file| std::cmp::Reverse(file.listed(options).len()));
    let mut list = String::new();
    for file in prose {
        let listed = file.listed(options);
        let _ = writeln!(
            list,
            "{}: {} in {} words",
            file.path,
            listed.len(),
            file.words
        );
        for found in listed {
            let PhraseMatch {
                line,
                words,
                instead,
            } = found;
            let _ = writeln!(list, "  {}:{line}: \"{words}\": {instead}", file.path);
        }
    }
    list
}

impl FileProse<'_> {
    /// The phrases to list, by line.
    fn listed(&self, options: &MeasureOptions) -> Vec<&PhraseMatch<'static>> {
        let hints = self.hints.iter().filter(|_| options.with_hints);
        let mut listed: Vec<_> = self.refused.iter().chain(&self.odd).chain(hints).collect();
        listed.sort_by_key(|found| found.line);
        listed
    }
}

/// The prose of every file whose words count.
fn file_prose<'a>(
    texts: &'a [TextFile],
    files: &[RustFile<'a>],
    options: &MeasureOptions,
) -> Vec<FileProse<'a>> {
    let refused = PhraseList::parse(REFUSED);
    let counted = PhraseList::parse(COUNTED);
    let hints = PhraseList::parse(HINTS);
    let judge = |path, words: &[ProseWord]| FileProse {
        path,
        words: words.len(),
        refused: refused.find(words),
        odd: counted.find(words),
        hints: hints.find(words),
    };
    let of_rust = files
        .iter()
        .map(|file| judge(file.path, &prose::of_rust(file)));
    let is_asked_for = |file: &&TextFile| file.path.starts_with(&options.path_prefix);
    let others = texts.iter().filter(is_asked_for).filter_map(|file| {
        let words = match file.path.rsplit_once('.')? {
            (_, "md") => prose::of_markdown(&file.text),
            ("config", "toml") => prose::of_toml(&file.text),
            _ => return None,
        };
        Some(judge(file.path.as_str(), &words))
    });
    of_rust.chain(others).collect()
}

fn median_and_p90(values: &[usize]) -> String {
    let at = |percent| sizes::percentile(values.to_vec(), percent);
    format!("{} · {}", at(50), at(90))
}

fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or_default();
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn per_thousand(part: usize, whole: usize) -> String {
    let hundredths = (part * 100_000).checked_div(whole).unwrap_or_default();
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
