//! Compares acceptance and matches, and prints what was compared.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use crate::matcher::{EcmaPattern, MatchEngine};
use crate::pattern_fault::PatternNoteKind;
use crate::reader::{PatternReading, read_pattern};

use super::node_matcher::{NodeAnswer, answers};
use super::pattern_generator::{damaged, pattern};
use super::real_patterns::real_patterns;
use super::subject_generator::subjects;

/// A pattern and the texts to match.
struct PatternCase {
    pattern: String,
    /// The pattern for Node.js, without what ECMA-262 has only without the flag `u`.
    strict: String,
    has_notes: bool,
    subjects: Vec<String>,
}

/// How many patterns and texts were compared with which result.
#[derive(Debug, Default)]
struct ComparisonTable {
    patterns: usize,
    with_notes: usize,
    invalid: usize,
    subjects: usize,
    matches: usize,
    /// Texts that take Node.js too long.
    without_answer: usize,
    over_limit: Vec<String>,
    engines: BTreeMap<MatchEngine, usize>,
    disagreements: Vec<String>,
    /// Patterns that take long for a text of 1 MiB.
    slow: Vec<String>,
    slowest: Duration,
    slowest_pattern: String,
}

impl ComparisonTable {
    fn print(&self, title: &str) {
        println!("{title}");
        println!("  patterns                  {:>9}", self.patterns);
        println!("    read with a note        {:>9}", self.with_notes);
        println!("    refused by both         {:>9}", self.invalid);
        for (engine, count) in &self.engines {
            println!("    {:<22}  {count:>9}", format!("{engine:?}"));
        }
        println!("  texts                     {:>9}", self.subjects);
        println!("    that match              {:>9}", self.matches);
        println!("    over the limit          {:>9}", self.over_limit.len());
        println!("    too long for node       {:>9}", self.without_answer);
        println!(
            "  disagreements             {:>9}",
            self.disagreements.len()
        );
        println!(
            "  slowest on 1 MiB          {:>9?}  {}",
            self.slowest, self.slowest_pattern
        );
        println!("  over {SLOW:?} on 1 MiB      {:>9}", self.slow.len());
        let lines = self.disagreements.iter().chain(&self.slow);
        for line in lines.chain(&self.over_limit).take(60) {
            println!("    {line}");
        }
    }
}

/// What a match of 1 MiB may take in an optimised build.
const SLOW: Duration = Duration::from_millis(50);

/// The time that this thread has run, without that of others. Zero where the system has no such
/// file.
fn processor_time() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = times.split(' ').next().and_then(|time| time.parse().ok());
    Duration::from_nanos(running.unwrap_or_default())
}

/// The pattern without the backslashes that have no meaning.
fn without_notes(text: &str, pattern: &str) -> (String, bool) {
    let Ok(tree) = read_pattern(pattern, PatternReading::Strict) else {
        return (pattern.to_owned(), false);
    };
    let hyphens = tree
        .notes
        .iter()
        .filter(|note| note.kind == PatternNoteKind::ClassHyphen);
    let escapes = tree
        .notes
        .iter()
        .filter(|note| note.kind == PatternNoteKind::IdentityEscape);
    let hyphens: Vec<usize> = hyphens.map(|note| note.column - 1).collect();
    let escapes: Vec<usize> = escapes.map(|note| note.column - 1).collect();
    let mut strict = String::new();
    for (at, character) in text.chars().enumerate() {
        if hyphens.contains(&at) {
            strict.push('\\');
        }
        if !escapes.contains(&at) {
            strict.push(character);
        }
    }
    (strict, !tree.notes.is_empty())
}

fn case(rng: &mut Rng, pattern: String, count: usize) -> PatternCase {
    let (strict, has_notes) = without_notes(&pattern, &pattern);
    let subjects = match read_pattern(&pattern, PatternReading::Strict) {
        Ok(tree) => subjects(rng, &tree.root, count),
        Err(_) => Vec::new(),
    };
    PatternCase {
        pattern,
        strict,
        has_notes,
        subjects,
    }
}

fn compare(cases: &[PatternCase], large: &[String]) -> ComparisonTable {
    let node = answers(
        cases
            .iter()
            .map(|case| (case.strict.as_str(), &*case.subjects)),
    );
    assert_eq!(node.len(), cases.len(), "an answer for each pattern");
    let mut table = ComparisonTable::default();
    for (case, node) in cases.iter().zip(node) {
        table.patterns += 1;
        table.with_notes += usize::from(case.has_notes);
        table.compare(case, node, large);
    }
    table
}

impl ComparisonTable {
    fn compare(&mut self, case: &PatternCase, node: NodeAnswer, large: &[String]) {
        let pattern = &case.pattern;
        let compiled = EcmaPattern::new(pattern);
        let (compiled, expected) = match (compiled, node) {
            (Err(_), NodeAnswer::Invalid(_)) => {
                self.invalid += 1;
                return;
            }
            (Ok(compiled), NodeAnswer::Matches(expected)) => (compiled, expected),
            (Err(fault), NodeAnswer::Matches(_)) => {
                self.disagreements
                    .push(format!("{pattern} is refused: {fault}"));
                return;
            }
            (Ok(_), NodeAnswer::Invalid(reason)) => {
                self.disagreements
                    .push(format!("{pattern} is accepted; node: {reason}"));
                return;
            }
        };
        *self.engines.entry(compiled.engine()).or_default() += 1;
        for (subject, expected) in case.subjects.iter().zip(expected) {
            let Some(expected) = expected else {
                self.without_answer += 1;
                continue;
            };
            self.subjects += 1;
            match compiled.is_match(subject, &|_| {}) {
                None => self.over_limit.push(format!("{pattern} on {subject:?}")),
                Some(is_match) if is_match != expected => {
                    self.disagreements
                        .push(format!("{pattern} on {subject:?}: node {expected}"));
                }
                Some(is_match) => self.matches += usize::from(is_match),
            }
        }
        for text in large {
            let start = processor_time();
            let is_match = compiled.is_match(text, &|_| {});
            let taken = processor_time().saturating_sub(start);
            self.slow
                .extend((taken > SLOW).then(|| format!("{pattern}: {taken:?} on 1 MiB")));
            if is_match.is_none() {
                self.over_limit.push(format!("{pattern} on 1 MiB"));
            }
            if taken > self.slowest {
                self.slowest = taken;
                self.slowest_pattern.clone_from(pattern);
            }
        }
    }
}

fn generated(seed: u64, patterns: usize, subjects: usize) -> Vec<PatternCase> {
    let mut rng = Rng::with_seed(seed);
    let patterns: Vec<String> = (0..patterns).map(|_| pattern(&mut rng)).collect();
    patterns
        .into_iter()
        .map(|pattern| case(&mut rng, pattern, subjects))
        .collect()
}

#[test]
#[cfg_attr(not(has_node), ignore = "needs node")]
fn generated_patterns_match_as_in_node() {
    let table = compare(&generated(1, 400, 40), &[]);
    table.print("generated patterns");
    assert_eq!(table.disagreements, [""; 0]);
    assert!(table.invalid < 40, "most patterns are valid");
    assert!(table.matches > 2_000, "{}", table.matches);
}

#[test]
#[cfg_attr(not(has_node), ignore = "needs node")]
fn damaged_patterns_are_refused_as_in_node() {
    let mut rng = Rng::with_seed(2);
    let mut cases = Vec::new();
    for _ in 0..2_000 {
        let pattern = pattern(&mut rng);
        let damaged = damaged(&mut rng, &pattern);
        cases.push(case(&mut rng, damaged, 4));
    }
    let table = compare(&cases, &[]);
    table.print("damaged patterns");
    assert_eq!(table.disagreements, [""; 0]);
    assert!(table.invalid > 400, "{}", table.invalid);
}

/// Texts of 1 MiB, which take most of an engine that looks at a text again and again.
fn large_texts() -> Vec<String> {
    let size = 1 << 20;
    let repeated = |part: &str| part.repeat(size / part.len());
    vec![
        repeated("a"),
        repeated("a é-1_"),
        format!("{}\n", repeated("ab😀")),
        repeated("0"),
        repeated("é"),
    ]
}

#[test]
#[cfg_attr(
    not(all(has_node, is_full_load)),
    ignore = "needs node and PORTCULLIS_TEST_LOAD=full"
)]
fn thousands_of_generated_patterns_match_as_in_node() {
    let table = compare(&generated(3, 2_200, 50), &large_texts()[..3]);
    table.print("generated patterns");
    assert_eq!(table.disagreements, [""; 0]);
}

#[test]
#[cfg_attr(not(all(has_node, has_corpora)), ignore = "needs node and the corpora")]
fn real_patterns_match_as_in_node() {
    let mut rng = Rng::with_seed(4);
    let patterns = real_patterns();
    let (count, large) = if cfg!(is_full_load) {
        (400, large_texts())
    } else {
        (30, Vec::new())
    };
    let cases = patterns
        .into_iter()
        .map(|pattern| case(&mut rng, pattern, count));
    let table = compare(&cases.collect::<Vec<_>>(), &large);
    table.print("real patterns");
    assert_eq!(table.disagreements, [""; 0]);
    assert!(table.patterns > 200, "{}", table.patterns);
}
