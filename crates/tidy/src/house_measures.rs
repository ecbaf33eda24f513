//! The measures of a tree, and the goals that some of them have.
//!
//! Sizes and names are those of production code. A type name is shared if another type of the same
//! crate has it; `tree_rules` is stricter and refuses shared names in the whole workspace.

use std::collections::{BTreeMap, BTreeSet};

use crate::names;
use crate::sizes;
use crate::source_files::{RustFile, area};
use crate::tree_analysis::TreeAnalysis;

/// A figure of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct HouseMeasure {
    /// What is measured.
    pub label: &'static str,
    /// The figure as it is shown.
    pub shown: String,
    /// The goal, with the figure that it bounds; nothing for a measure that only describes.
    pub goal: Option<(MeasureGoal, f64)>,
}

/// What a figure must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MeasureGoal {
    /// It is this or less.
    AtMost(f64),
    /// It is this or more.
    AtLeast(f64),
}

impl MeasureGoal {
    /// Whether a figure keeps the goal. NaN keeps none.
    pub fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            Self::AtLeast(bound) => figure >= bound,
        }
    }

    /// The goal in words.
    pub fn shown(self) -> String {
        match self {
            Self::AtMost(bound) => format!("at most {bound}"),
            Self::AtLeast(bound) => format!("at least {bound}"),
        }
    }
}

impl HouseMeasure {
    fn described(label: &'static str, shown: String) -> Self {
        Self {
            label,
            shown,
            goal: None,
        }
    }

    fn bounded(label: &'static str, shown: String, goal: MeasureGoal, figure: f64) -> Self {
        Self {
            label,
            shown,
            goal: Some((goal, figure)),
        }
    }

    fn count(label: &'static str, count: usize, goal: MeasureGoal) -> Self {
        Self::bounded(label, count.to_string(), goal, number(count))
    }

    fn percent(label: &'static str, part: usize, whole: usize, goal: MeasureGoal) -> Self {
        let percent = ratio(part, whole) * 100.0;
        Self::bounded(label, format!("{percent:.1} %"), goal, percent)
    }

    fn per_thousand(label: &'static str, part: usize, whole: usize, goal: MeasureGoal) -> Self {
        let figure = ratio(part, whole) * 1000.0;
        Self::bounded(label, format!("{figure:.2}"), goal, figure)
    }
}

/// All measures of a tree.
pub fn measures(tree: &TreeAnalysis<'_>) -> Vec<HouseMeasure> {
    let production: Vec<_> = tree
        .files
        .iter()
        .filter(|file| file.is_production())
        .collect();
    let mut measures = size_measures(&production);
    measures.extend(content_measures(&production));
    measures.extend(name_measures(&tree.files));
    let circles = tree.circles.len();
    measures.push(HouseMeasure::count(
        "import circles",
        circles,
        MeasureGoal::AtMost(0.0),
    ));
    let words = tree.prose.iter().map(|file| file.words).sum();
    let odd = tree.prose.iter().map(|file| file.odd_count()).sum();
    let goal = MeasureGoal::AtMost(0.5);
    measures.push(HouseMeasure::per_thousand(
        "odd phrases per 1,000 words",
        odd,
        words,
        goal,
    ));
    measures
}

fn size_measures(production: &[&RustFile<'_>]) -> Vec<HouseMeasure> {
    let lengths: Vec<_> = production
        .iter()
        .map(|file| (file.production_lines, file.path))
        .collect();
    let functions = production.iter().flat_map(|file| {
        let lines = sizes::function_lines(&file.code).into_iter();
        lines.map(|lines| (lines, file.path))
    });
    let functions: Vec<_> = functions.collect();
    let total: usize = lengths.iter().map(|(lines, _)| lines).sum();
    let long = functions.iter().filter(|(lines, _)| *lines > 60).count();
    vec![
        HouseMeasure::described(
            "files · production lines",
            format!("{} · {total}", lengths.len()),
        ),
        HouseMeasure::described("lines/file median · p90", median_and_p90(&lengths)),
        longest("longest file", &lengths, MeasureGoal::AtMost(400.0)),
        HouseMeasure::described("lines/function median · p90", median_and_p90(&functions)),
        longest("longest function", &functions, MeasureGoal::AtMost(80.0)),
        HouseMeasure::percent(
            "functions > 60 lines",
            long,
            functions.len(),
            MeasureGoal::AtMost(1.0),
        ),
    ]
}

fn content_measures(production: &[&RustFile<'_>]) -> Vec<HouseMeasure> {
    let total_lines = production.iter().map(|file| file.production_lines).sum();
    let is_documented = |file: &&&RustFile<'_>| file.text.starts_with("//!");
    let documented = production.iter().filter(is_documented).count();
    let calls = |method| {
        let counts = production
            .iter()
            .map(|file| sizes::method_calls(&file.code, method));
        counts.sum()
    };
    vec![
        HouseMeasure::percent(
            "files with module docs",
            documented,
            production.len(),
            MeasureGoal::AtLeast(100.0),
        ),
        HouseMeasure::per_thousand(
            "unwrap per 1,000 lines",
            calls("unwrap"),
            total_lines,
            MeasureGoal::AtMost(0.0),
        ),
        HouseMeasure::per_thousand(
            "expect per 1,000 lines",
            calls("expect"),
            total_lines,
            MeasureGoal::AtMost(1.0),
        ),
    ]
}

fn name_measures(files: &[RustFile<'_>]) -> Vec<HouseMeasure> {
    let types = names::declared_types(files);
    let declared: usize = types.values().map(Vec::len).sum();
    let one_word = types
        .iter()
        .filter(|(name, _)| names::word_count(name) == 1);
    let one_word = one_word.map(|(_, places)| places.len()).sum();
    let mut in_crates: BTreeMap<_, usize> = BTreeMap::new();
    for (name, places) in &types {
        for (path, _) in places {
            *in_crates.entry((crate_of(path), *name)).or_default() += 1;
        }
    }
    let shared = in_crates.into_values().filter(|&count| count > 1).sum();
    let folders = names::file_folders(files);
    let in_more_than = |max: usize| {
        folders
            .values()
            .map(BTreeSet::len)
            .filter(|&count| count > max)
            .count()
    };
    vec![
        HouseMeasure::described("type declarations", declared.to_string()),
        HouseMeasure::percent(
            "one-word type names",
            one_word,
            declared,
            MeasureGoal::AtMost(40.0),
        ),
        HouseMeasure::percent(
            "type names shared in a crate",
            shared,
            declared,
            MeasureGoal::AtMost(15.0),
        ),
        HouseMeasure::described(
            "file names in two folders or more",
            in_more_than(1).to_string(),
        ),
        HouseMeasure::count(
            "file names in more than two folders",
            in_more_than(names::FOLDERS_MAX),
            MeasureGoal::AtMost(0.0),
        ),
    ]
}

/// The crate of a file: a folder below `crates`, or the root package.
fn crate_of(path: &str) -> &str {
    if path.starts_with("crates/") {
        area(path)
    } else {
        ""
    }
}

fn longest(label: &'static str, lengths: &[(usize, &str)], goal: MeasureGoal) -> HouseMeasure {
    let (lines, path) = lengths.iter().max().copied().unwrap_or_default();
    HouseMeasure::bounded(label, format!("{lines} ({path})"), goal, number(lines))
}

fn median_and_p90(lengths: &[(usize, &str)]) -> String {
    let lines: Vec<_> = lengths.iter().map(|(lines, _)| *lines).collect();
    let at = |percent| sizes::percentile(lines.clone(), percent);
    format!("{} · {}", at(50), at(90))
}

/// The share of a part; 0 of nothing.
fn ratio(part: usize, whole: usize) -> f64 {
    number(part) / number(whole.max(1))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of lines and words are far below 2^52"
)]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_files::TextFile;

    fn found(files: &[(&str, String)]) -> Vec<HouseMeasure> {
        let file = |(path, text): &(&str, String)| TextFile {
            path: (*path).into(),
            text: text.clone(),
        };
        let texts: Vec<_> = files.iter().map(file).collect();
        measures(&TreeAnalysis::new(&texts, ""))
    }

    #[test]
    fn a_tree_can_miss_every_goal() {
        let body = "\nx.unwrap();\nx.expect(y);".repeat(40);
        let lines = "const A: u8 = 0;\n".repeat(400);
        let measures = found(&[
            ("src/a/same.rs", "use super::b::Kept;\nstruct Found;".into()),
            ("src/a/b.rs", "use super::same::Found;\nstruct Kept;".into()),
            ("src/b/same.rs", "struct Found;".into()),
            ("src/c/same.rs", format!("fn f() {{{body}\n}}\n{lines}")),
            ("README.md", "What a file tells.".into()),
        ]);
        let goals = measures
            .into_iter()
            .filter_map(|measure| Some((measure.label, measure.goal?)));
        let kept: Vec<_> = goals
            .filter(|(_, (goal, figure))| goal.is_met(*figure))
            .collect();
        assert_eq!(kept, []);
    }

    #[test]
    fn names_are_shared_within_a_crate_only() {
        let text = || "//! A.\nstruct OneName;".to_owned();
        let shared = |paths: [&str; 2]| {
            let measures = found(&paths.map(|path| (path, text())));
            let shared = measures
                .into_iter()
                .find(|measure| measure.label == "type names shared in a crate");
            shared.map(|measure| measure.shown)
        };
        let none = Some("0.0 %".to_owned());
        let all = Some("100.0 %".to_owned());
        assert_eq!(shared(["crates/a/src/x.rs", "crates/b/src/y.rs"]), none);
        assert_eq!(shared(["crates/a/src/x.rs", "src/app/y.rs"]), none);
        assert_eq!(shared(["crates/a/src/x.rs", "crates/a/src/y.rs"]), all);
        assert_eq!(shared(["src/cli/x.rs", "src/app/y.rs"]), all);
    }
}
