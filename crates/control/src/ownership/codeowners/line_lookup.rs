//! Finds the lines of a CODEOWNERS file that a pattern of a catalog stands for.

use super::codeowners_rule::read;
use portcullis_vocabulary::PathPattern;

/// The lines with this pattern, from 1, each as its pattern is written.
pub fn codeowners_lines(text: &str, pattern: &PathPattern) -> Vec<(u64, String)> {
    let lines = text.lines().zip(1..);
    let rules = lines.filter_map(|(line, number)| Some((number, read(line).ok()??)));
    let found = rules.filter(|(_, rule)| rule.pattern == *pattern);
    found.map(|(number, rule)| (number, rule.written)).collect()
}
