//! The measures of a tree as tables: for the command line, and the goals for `CONTRIBUTING.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::file_prose::FileProse;
use crate::house_measures::{HouseMeasure, measures};
use crate::source_files::area;
use crate::tree_analysis::TreeAnalysis;

/// The table of a tree: each measure with its goal, then the words of each part.
pub fn table(tree: &TreeAnalysis<'_>) -> String {
    let mut table = String::new();
    for measure in measures(tree) {
        let goal = measure.goal.map_or(String::new(), |(goal, figure)| {
            let verdict = if goal.is_met(figure) { "ok" } else { "MISSED" };
            format!("{}: {verdict}", goal.shown())
        });
        let row = format!("{:<38} {:<28} {goal}", measure.label, measure.shown);
        let _ = writeln!(table, "{}", row.trim_end());
    }
    for (area, files) in by_area(&tree.prose) {
        let words: usize = files.iter().map(|file| file.words).sum();
        let odd: usize = files.iter().map(|file| file.odd_count()).sum();
        let refused: usize = files.iter().map(|file| file.refused.len()).sum();
        let _ = writeln!(
            table,
            "  {area:<36} {odd} odd phrases in {words} words, {refused} of them refused"
        );
    }
    table
}

/// The goals as a table in Markdown.
pub fn goals_table(measures: &[HouseMeasure]) -> String {
    let mut table = "| measure | goal |\n|---|---|\n".to_owned();
    for measure in measures {
        if let Some((goal, _)) = measure.goal {
            let _ = writeln!(table, "| {} | {} |", measure.label, goal.shown());
        }
    }
    table
}

/// Complaints about measures that miss their goal.
pub fn goal_complaints(measures: &[HouseMeasure]) -> Vec<String> {
    let complaint = |measure: &HouseMeasure| {
        let (goal, figure) = measure.goal?;
        let goal = (!goal.is_met(figure)).then(|| goal.shown())?;
        Some(format!(
            "{}: {}, but the goal is {goal}",
            measure.label, measure.shown
        ))
    };
    measures.iter().filter_map(complaint).collect()
}

fn by_area<'t, 'a>(prose: &'t [FileProse<'a>]) -> BTreeMap<&'a str, Vec<&'t FileProse<'a>>> {
    let mut areas: BTreeMap<&str, Vec<&FileProse<'_>>> = BTreeMap::new();
    for file in prose {
        areas.entry(area(file.path)).or_default().push(file);
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::TextFile;

    fn texts() -> Vec<TextFile> {
        let file = |path: &str, text: &str| TextFile {
            path: path.into(),
            text: text.into(),
        };
        vec![
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
        ]
    }

    #[test]
    fn every_measure_has_its_row() {
        let texts = texts();
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
                "longest file 5 (src/a/b.rs) at most 400: ok",
                "lines/function median · p90 3 · 3",
                "longest function 3 (src/a/b.rs) at most 80: ok",
                "functions > 60 lines 0.0 % at most 1: ok",
                "files with module docs 33.3 % at least 100: MISSED",
                "unwrap per 1,000 lines 90.91 at most 0: MISSED",
                "expect per 1,000 lines 0.00 at most 1: ok",
                "type declarations 3",
                "one-word type names 66.7 % at most 40: MISSED",
                "type names shared in a crate 0.0 % at most 15: ok",
                "file names in two folders or more 0",
                "file names in more than two folders 0 at most 0: ok",
                "import circles 1 at most 0: MISSED",
                "odd phrases per 1,000 words 166.67 at most 0.5: MISSED",
                "README.md 1 odd phrases in 4 words, 1 of them refused",
                "src/a 0 odd phrases in 2 words, 0 of them refused",
            ]
        );
    }

    #[test]
    fn missed_goals_are_reported() {
        let texts = texts();
        let measures = measures(&TreeAnalysis::new(&texts, ""));
        assert_eq!(
            goal_complaints(&measures),
            [
                "files with module docs: 33.3 %, but the goal is at least 100",
                "unwrap per 1,000 lines: 90.91, but the goal is at most 0",
                "one-word type names: 66.7 %, but the goal is at most 40",
                "import circles: 1, but the goal is at most 0",
                "odd phrases per 1,000 words: 166.67, but the goal is at most 0.5",
            ]
        );
        let goals = goals_table(&measures);
        assert_eq!(goals.lines().count(), 2 + 11, "{goals}");
        assert!(
            goals.contains("| import circles | at most 0 |\n"),
            "{goals}"
        );
    }
}
