//! Phrases that give bad prose away, and a small language to write them down.
//!
//! A phrase is a line `words => what to write`. Words are separated by blanks: `a|b` is either,
//! `*` any, `a,` a word before a comma or another break inside of a sentence. The first or the last
//! may be `!a|b`: the word before or after the phrase is neither. `^` in front starts at the
//! beginning of a sentence, `$` behind ends at a break. A phrase never crosses a break otherwise.

use std::collections::HashMap;

use crate::prose_reader::{ProseWord, WordBreak};

/// Phrases that are always wrong here.
pub const REFUSED: &str = include_str!("../phrases/refused.txt");
/// Phrases that are odd, though now and then right; they count in the measure.
pub const COUNTED: &str = include_str!("../phrases/counted.txt");
/// Phrases that are worth a second look; only shown.
pub const HINTS: &str = include_str!("../phrases/hints.txt");

#[derive(Debug)]
struct PhrasePattern<'a> {
    instead: &'a str,
    /// Words that must not stand before it.
    not_after: Vec<&'a str>,
    /// Words that must not follow it.
    not_before: Vec<&'a str>,
    starts_sentence: bool,
    ends_clause: bool,
    slots: Vec<WordSlot<'a>>,
}

#[derive(Debug)]
struct WordSlot<'a> {
    words: Vec<&'a str>,
    needs_comma: bool,
}

/// A list of phrases, ready for search.
#[derive(Debug)]
pub struct PhraseList<'a> {
    by_first_word: HashMap<&'a str, Vec<PhrasePattern<'a>>>,
}

/// A phrase found in prose.
#[derive(Clone, Debug)]
pub struct PhraseMatch<'a> {
    /// The line where it starts.
    pub line: usize,
    /// The words as they are written.
    pub words: String,
    /// What to write instead.
    pub instead: &'a str,
}

impl<'a> PhraseList<'a> {
    /// Reads a list; empty lines and lines that begin with `#` are skipped.
    pub fn parse(text: &'a str) -> Self {
        let mut by_first_word: HashMap<_, Vec<_>> = HashMap::new();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let pattern = PhrasePattern::parse(line);
            for &first in &pattern.slots[0].words {
                by_first_word
                    .entry(first)
                    .or_default()
                    .push(PhrasePattern::parse(line));
            }
        }
        Self { by_first_word }
    }

    /// Every phrase in some prose; they do not overlap.
    pub fn find(&self, words: &[ProseWord]) -> Vec<PhraseMatch<'a>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let patterns = self
                .by_first_word
                .get(words[at].text.as_str())
                .into_iter()
                .flatten();
            let lengths =
                patterns.filter_map(|pattern| Some((pattern.length_at(words, at)?, pattern)));
            match lengths.max_by_key(|(length, _)| *length) {
                Some((length, pattern)) => {
                    let texts: Vec<_> = words[at..at + length]
                        .iter()
                        .map(|word| word.text.as_str())
                        .collect();
                    let line = words[at].line;
                    found.push(PhraseMatch {
                        line,
                        words: texts.join(" "),
                        instead: pattern.instead,
                    });
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }
}

impl<'a> PhrasePattern<'a> {
    fn parse(line: &'a str) -> Self {
        let (source, instead) = line.split_once("=>").unwrap_or((line, ""));
        let source = source.trim();
        let words = source.strip_prefix('^').unwrap_or(source);
        let words = words.strip_suffix('$').unwrap_or(words);
        let mut slots: Vec<_> = words.split_whitespace().collect();
        let is_not = |slot: &&str| slot.starts_with('!');
        let not_after = slots.first().copied().filter(is_not);
        let not_before = slots.last().copied().filter(is_not);
        slots.retain(|slot| !is_not(slot));
        let words_of =
            |slot: Option<&'a str>| slot.map_or(Vec::new(), |slot| slot[1..].split('|').collect());
        Self {
            instead: instead.trim(),
            not_after: words_of(not_after),
            not_before: words_of(not_before),
            starts_sentence: source.starts_with('^'),
            ends_clause: source.ends_with('$'),
            slots: slots.into_iter().map(WordSlot::parse).collect(),
        }
    }

    /// How many words the phrase has if it starts here.
    fn length_at(&self, words: &[ProseWord], start: usize) -> Option<usize> {
        let end = start + self.slots.len();
        let phrase = words.get(start..end)?;
        let is_match = self
            .slots
            .iter()
            .zip(phrase)
            .all(|(slot, word)| slot.matches(&word.text));
        let is_unbroken =
            self.slots
                .iter()
                .zip(phrase)
                .take(phrase.len() - 1)
                .all(|(slot, word)| {
                    word.after
                        == if slot.needs_comma {
                            WordBreak::Clause
                        } else {
                            WordBreak::None
                        }
                });
        let before = start.checked_sub(1).map(|before| &words[before]);
        let before = before.filter(|before| before.after != WordBreak::Sentence);
        let last_break = phrase.last()?.after;
        let after = words.get(end).filter(|_| last_break == WordBreak::None);
        let is_refused = before.is_some_and(|word| self.not_after.contains(&word.text.as_str()))
            || after.is_some_and(|word| self.not_before.contains(&word.text.as_str()))
            || (self.starts_sentence && before.is_some())
            || (self.ends_clause && last_break == WordBreak::None);
        (is_match && is_unbroken && !is_refused).then_some(phrase.len())
    }
}

impl<'a> WordSlot<'a> {
    fn parse(text: &'a str) -> Self {
        let words = text.trim_end_matches(',').split('|').collect();
        Self {
            words,
            needs_comma: text.ends_with(','),
        }
    }

    fn matches(&self, word: &str) -> bool {
        self.words == ["*"] || self.words.contains(&word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::of_markdown;

    fn check(phrase: &str, text: &str, expected: &[&str]) {
        let list = PhraseList::parse(phrase);
        let found = list.find(&of_markdown(text));
        let found: Vec<_> = found.iter().map(|found| found.words.as_str()).collect();
        assert_eq!(found, expected, "{phrase}: {text}");
    }

    #[test]
    fn phrases_are_found_within_a_clause() {
        check("made of", "It is made\nof glass.", &["made of"]);
        check("made of", "It is made. Of glass, of `made of`.", &[]);
        check("tells|told", "He told, she tells.", &["told", "tells"]);
        check("is no *", "It is no key, is `no` is no.", &["is no key"]);
        check(
            "is none !of",
            "It is none of it. There is none.",
            &["is none"],
        );
        check("^whatever", "Whatever it is, whatever.", &["whatever"]);
        check("is none$", "is none at all, is none", &["is none"]);
        check(
            "right, and what",
            "what is right, and what is not",
            &["right and what"],
        );
        check(
            "!there is no !longer",
            "There is no key; it is no longer one, it is no key.",
            &["is no"],
        );
        check("# all\n\na b => c", "a b", &["a b"]);
    }

    #[test]
    fn the_lists_can_be_read() {
        for line in [REFUSED, COUNTED, HINTS]
            .iter()
            .flat_map(|text| text.lines())
        {
            let phrase = PhrasePattern::parse(line);
            let is_skipped = line.is_empty() || line.starts_with('#');
            assert!(
                is_skipped || !phrase.instead.is_empty(),
                "{line}: say what to write instead"
            );
            let starts = phrase.slots.first().is_none_or(|slot| slot.words[0] != "*");
            assert!(is_skipped || starts, "{line}: begin with a word");
        }
    }
}
