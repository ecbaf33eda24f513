//! The duration of an ownership check of a large change.
//!
//! `cargo bench --bench ownership` checks a change of 5,000 files in a repository of 50 squads with
//! ten patterns each, of different forms. It prints the minimum and the median of 50 rounds: to
//! read the catalog, to compile its patterns, and to check the change. The baseline `one by one`
//! matches the patterns in turn, the most specific first; the compiled automaton must be faster.
//! The goal is 80 ms in total.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_config::parse_catalog;
use portcullis_control::ownership::{
    ChangeProposal, ManifestClaims, PathChange, PathChangeKind, SquadBoundaries, judge,
};
use portcullis_vocabulary::CatalogFile;
use portcullis_vocabulary::{PathPattern, PatternSegment, UnownedPolicy};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SQUADS: usize = 50;
const FILES: usize = 5_000;
const ROUNDS: usize = 50;

fn main() {
    let text = catalog();
    let parse = || parse_catalog(&text, Path::new("squads.toml")).expect("a valid catalog");
    print("read the catalog", &measure(|| (), |()| parse()));
    print("compile", &measure(parse, SquadBoundaries::new));
    let boundaries = SquadBoundaries::new(parse());
    let changes = changes();
    print(
        "check 5,000 files",
        &measure(|| changes.clone(), |changes| verdict(&boundaries, changes)),
    );
    let compile_and_check = |(file, changes): (CatalogFile, Vec<PathChange>)| {
        let boundaries = SquadBoundaries::new(file);
        verdict(&boundaries, changes)
    };
    print(
        "compile and check",
        &measure(|| (parse(), changes.clone()), compile_and_check),
    );
    let patterns: Vec<&PathPattern> = boundaries.owners().map(|owner| owner.pattern).collect();
    print(
        "one by one",
        &measure(|| (), |()| one_by_one(&patterns, &changes)),
    );
}

/// Checks the change and counts the files that block it; using the result keeps the check from
/// being optimised away.
fn verdict(boundaries: &SquadBoundaries, changes: Vec<PathChange>) -> usize {
    let squad = boundaries.catalog().squads().first().expect("a squad");
    let proposal = ChangeProposal {
        squad,
        approved_by: BTreeSet::new(),
        unowned: UnownedPolicy::Warn,
    };
    let verdict = judge(boundaries, &proposal, changes, ManifestClaims::default());
    assert_eq!(verdict.files.len(), FILES);
    verdict
        .files
        .iter()
        .filter(|file| verdict.blocks(file.standing))
        .count()
}

fn catalog() -> String {
    let mut text = String::new();
    for squad in 0..SQUADS {
        let _ = write!(
            text,
            "[squads.squad-{squad}]\npaths = [\n\
             \"services/area-{squad}/**\", \"services/*/deploy/squad-{squad}-*\",\n\
             \"services/*/src/module-{squad}/**\", \"contracts/squad-{squad}/\",\n\
             \"libs/lib-{squad}\", \"libs/lib-{squad}-*/**\", \"**/*.s{squad}.md\",\n\
             \"**/owned-by-{squad}/**\", \"docs/**/guide-{squad}-*.md\", \"tools/tool{squad}?/*\",\n]\n"
        );
    }
    text
}

fn changes() -> Vec<PathChange> {
    let path = |n: usize| match n % 8 {
        0 => format!(
            "services/area-{}/src/main/java/org/example/Class{n}.java",
            n % SQUADS
        ),
        1 => format!(
            "services/other-{n}/src/module-{}/deep/down/file-{n}.rs",
            n % SQUADS
        ),
        2 => format!(
            "services/other-{n}/deploy/squad-{}-app/values.yaml",
            n % SQUADS
        ),
        3 => format!("libs/lib-{}-core/src/lib-{n}.rs", n % SQUADS),
        4 => format!("docs/a/b/c/guide-{}-{n}.md", n % SQUADS),
        5 => format!("apps/x/owned-by-{}/y/z/{n}.ts", n % SQUADS),
        6 => format!("apps/unowned/{n}/index.ts"),
        _ => format!("contracts/squad-{}/service-{n}/openapi.yaml", n % SQUADS),
    };
    let change = |n| PathChange {
        path: path(n),
        kind: PathChangeKind::Modified,
    };
    (0..FILES).map(change).collect()
}

/// Matches each file against the patterns in turn until one matches.
fn one_by_one(patterns: &[&PathPattern], changes: &[PathChange]) -> usize {
    let compiled: Vec<fancy_regex::Regex> = patterns.iter().map(|each| expression(each)).collect();
    let owned = changes.iter().filter(|change| {
        let is_match = |regex: &fancy_regex::Regex| regex.is_match(&change.path).unwrap_or(false);
        compiled.iter().any(is_match)
    });
    owned.count()
}

fn expression(pattern: &PathPattern) -> fancy_regex::Regex {
    let mut text = String::from("^");
    for segment in pattern.segments() {
        match segment {
            PatternSegment::AnyDepth => text.push_str("(?:[^/]+/)*"),
            PatternSegment::Literal(name) | PatternSegment::Wild(name) => {
                let name = fancy_regex::escape(name).replace("\\*", "[^/]*");
                let _ = write!(text, "{}/", name.replace("\\?", "[^/]"));
            }
        }
    }
    let text = text.trim_end_matches('/');
    fancy_regex::Regex::new(&format!("{text}(?:/|$)")).expect("an expression")
}

fn measure<I, O>(mut prepare: impl FnMut() -> I, mut run: impl FnMut(I) -> O) -> Vec<Duration> {
    let round = |_| {
        let input = prepare();
        let started = Instant::now();
        let output = std::hint::black_box(run(input));
        let elapsed = started.elapsed();
        drop(output);
        elapsed
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(round).collect();
    times.sort();
    times
}

fn print(name: &str, times: &[Duration]) {
    let (min, median) = (times[0], times[times.len() / 2]);
    println!("{name:<20} min {min:>10.2?}  median {median:>10.2?}");
}
