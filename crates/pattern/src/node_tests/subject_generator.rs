//! Generates texts that a pattern may match.

use fastrand::Rng;

use crate::pattern_tree::PatternNode;
use crate::reader::has_property;

use super::pattern_generator::CHARACTERS;

const LENGTH_MAX: usize = 400;

/// Texts for one pattern, of characters that both engines have in their tables: those that its parts write, the same with a change, and any others.
pub(super) fn subjects(rng: &mut Rng, root: &PatternNode, count: usize) -> Vec<String> {
    let mut subjects = vec![String::new()];
    while subjects.len() < count {
        let mut characters: Vec<char> = match rng.u8(..5) {
            0 => any_text(rng),
            _ => {
                let mut out = Vec::new();
                let mut groups = Vec::new();
                walk(rng, root, &mut out, &mut groups);
                out
            }
        };
        match rng.u8(..6) {
            0 if !characters.is_empty() => {
                let at = rng.usize(..characters.len());
                characters[at] = any_character(rng);
            }
            1 => {
                let at = rng.usize(..=characters.len());
                characters.insert(at, any_character(rng));
            }
            2 if !characters.is_empty() => drop(characters.remove(rng.usize(..characters.len()))),
            3 => {
                let mut longer = any_text(rng);
                longer.append(&mut characters);
                longer.extend(any_text(rng));
                characters = longer;
            }
            _ => {}
        }
        characters.retain(|c| c.is_ascii() || !has_property(*c, "Unassigned"));
        subjects.push(characters.into_iter().collect());
    }
    subjects
}

fn any_character(rng: &mut Rng) -> char {
    if rng.u8(..8) == 0 {
        return char::from_u32(rng.u32(..0x2fff))
            .filter(|c| c.is_alphanumeric())
            .unwrap_or('é');
    }
    CHARACTERS[rng.usize(..CHARACTERS.len())]
}

fn any_text(rng: &mut Rng) -> Vec<char> {
    let length = rng.usize(..6);
    (0..length).map(|_| any_character(rng)).collect()
}

fn walk(
    rng: &mut Rng,
    node: &PatternNode,
    out: &mut Vec<char>,
    groups: &mut Vec<(u32, Vec<char>)>,
) {
    if out.len() > LENGTH_MAX {
        return;
    }
    match node {
        PatternNode::Class(class) => {
            let ranges = class.ranges();
            let readable: Vec<char> = CHARACTERS
                .into_iter()
                .filter(|c| {
                    ranges
                        .iter()
                        .any(|range| (range.start()..=range.end()).contains(c))
                })
                .collect();
            if !readable.is_empty() && rng.u8(..4) > 0 {
                out.push(readable[rng.usize(..readable.len())]);
            } else if !ranges.is_empty() {
                out.push(ranges[rng.usize(..ranges.len())].start());
            }
        }
        PatternNode::Concat(parts) => parts.iter().for_each(|part| walk(rng, part, out, groups)),
        PatternNode::Alternation(parts) => {
            let branch = rng.usize(..parts.len());
            walk(rng, &parts[branch], out, groups);
        }
        PatternNode::Repeat(repeat) => {
            let most = repeat.most.unwrap_or(repeat.least.saturating_add(3));
            let extra = match rng.u8(..12) {
                0 => most.saturating_sub(repeat.least).min(300),
                1 => most.saturating_sub(repeat.least).saturating_add(1).min(300),
                _ => rng.u32(..3),
            };
            for _ in 0..repeat.least.saturating_add(extra).min(600) {
                let before = out.len();
                walk(rng, &repeat.node, out, groups);
                if out.len() == before || out.len() > LENGTH_MAX {
                    break;
                }
            }
        }
        PatternNode::Capture { number, node } => {
            let start = out.len();
            walk(rng, node, out, groups);
            groups.push((*number, out[start.min(out.len())..].to_vec()));
        }
        PatternNode::BackReference(numbers) => {
            let known = groups
                .iter()
                .rev()
                .find(|(number, _)| numbers.contains(number));
            let text = known.map(|(_, text)| text.clone()).unwrap_or_default();
            out.extend(text);
        }
        PatternNode::Lookaround { node, .. } if rng.u8(..3) == 0 => walk(rng, node, out, groups),
        PatternNode::Lookaround { .. } | PatternNode::Empty | PatternNode::Position(_) => {}
    }
}
