//! The measures of a tree as a table: sizes, names, circles and words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::file_prose::FileProse;
use crate::source_files::{RustFile, area};
use crate::tree_analysis::TreeAnalysis;
use crate::{names, sizes};

type TableRow = (String, String);

/// The table of a tree.
pub fn table(tree: &TreeAnalysis<'_>) -> String {
    let mut rows = size_rows(&tree.files);
    rows.extend(name_rows(&tree.files));
    let in_circles: usize = tree.circles.iter().map(BTreeSet::len).sum();
    let circles = format!("{} · {in_circles}", tree.circles.len());
    rows.push(("import circles · files in them".into(), circles));
    rows.extend(prose_rows(&tree.prose));
    let mut table = String::new();
    for (label, value) in rows {
        let _ = writeln!(table, "{label:<38} {value}");
    }
    table
}

fn size_rows(files: &[RustFile<'_>]) -> Vec<TableRow> {
    let production: Vec<_> = files.iter().filter(|file| file.is_production()).collect();
    let lines: Vec<_> = production
        .iter()
        .map(|file| file.production_lines)
        .collect();
    let total_lines: usize = lines.iter().sum();
    let functions = production
        .iter()
        .flat_map(|file| sizes::function_lines(&file.code));
    let functions: Vec<_> = functions.collect();
    let long = functions.iter().filter(|&&lines| lines > 60).count();
    let documented = production
        .iter()
        .filter(|file| file.text.starts_with("//!"))
        .count();
    let calls = |method| {
        let count = production
            .iter()
            .map(|file| sizes::method_calls(&file.code, method))
            .sum();
        per_thousand(count, total_lines)
    };
    vec![
        (
            "files · production lines".into(),
            format!("{} · {total_lines}", lines.len()),
        ),
        ("lines/file median · p90".into(), median_and_p90(&lines)),
        (
            "lines/function median · p90".into(),
            median_and_p90(&functions),
        ),
        ("functions > 60".into(), percent(long, functions.len())),
        (
            "files with module docs".into(),
            percent(documented, production.len()),
        ),
        (
            "unwrap / expect per 1,000 lines".into(),
            format!("{} / {}", calls("unwrap"), calls("expect")),
        ),
    ]
}

fn name_rows(files: &[RustFile<'_>]) -> Vec<TableRow> {
    let types = names::declared_types(files);
    let declared: usize = types.values().map(Vec::len).sum();
    let one_word = types
        .iter()
        .filter(|(name, _)| names::word_count(name) == 1);
    let one_word: usize = one_word.map(|(_, places)| places.len()).sum();
    let shared: usize = types
        .values()
        .map(Vec::len)
        .filter(|&count| count > 1)
        .sum();
    let folders = names::file_folders(files);
    let widespread = folders
        .values()
        .filter(|folders| folders.len() > names::FOLDERS_MAX)
        .count();
    vec![
        ("type declarations".into(), declared.to_string()),
        ("one-word type names".into(), percent(one_word, declared)),
        ("shared type names".into(), percent(shared, declared)),
        (
            "file names in more than two folders".into(),
            widespread.to_string(),
        ),
    ]
}

fn prose_rows(prose: &[FileProse<'_>]) -> Vec<TableRow> {
    let mut areas: BTreeMap<&str, Vec<&FileProse<'_>>> = BTreeMap::new();
    for file in prose {
        areas.entry(area(file.path)).or_default().push(file);
    }
    let summary = |files: &[&FileProse<'_>]| {
        let words: usize = files.iter().map(|file| file.words).sum();
        let odd: usize = files.iter().map(|file| file.odd_count()).sum();
        let refused: usize = files.iter().map(|file| file.refused.len()).sum();
        let share = per_thousand(odd, words);
        format!("{share} per 1,000 of {words} words ({odd} odd, {refused} of them refused)")
    };
    let all: Vec<_> = prose.iter().collect();
    let mut rows = vec![("odd phrases".into(), summary(&all))];
    rows.extend(
        areas
            .iter()
            .map(|(area, files)| (format!("  {area}"), summary(files))),
    );
    rows
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::TextFile;

    #[test]
    fn every_measure_has_its_row() {
        let file = |path: &str, text: &str| TextFile {
            path: path.into(),
            text: text.into(),
        };
        let texts = [
            file("src/a/mod.rs", "//! A module.\nmod b;\nmod c;"),
            file(
                "src/a/b.rs",
                "use super::c::JsonPointer;\nstruct Found;\nfn f() {\n a.unwrap();\n}",
            ),
            file(
                "src/a/c.rs",
                "use super::b::Found;\nstruct JsonPointer;\ntype D = u8;",
            ),
            file("README.md", "What a file tells."),
        ];
        let table = table(&TreeAnalysis::new(&texts, ""));
        let rows: Vec<_> = table
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            rows,
            [
                "files · production lines 3 · 11",
                "lines/file median · p90 3 · 5",
                "lines/function median · p90 3 · 3",
                "functions > 60 0.0 %",
                "files with module docs 33.3 %",
                "unwrap / expect per 1,000 lines 90.90 / 0.00",
                "type declarations 3",
                "one-word type names 66.6 %",
                "shared type names 0.0 %",
                "file names in more than two folders 0",
                "import circles · files in them 1 · 2",
                "odd phrases 166.66 per 1,000 of 6 words (1 odd, 1 of them refused)",
                "README.md 250.00 per 1,000 of 4 words (1 odd, 1 of them refused)",
                "src/a 0.00 per 1,000 of 2 words (0 odd, 0 of them refused)",
            ]
        );
    }
}
