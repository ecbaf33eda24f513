//! The words that people read: comments, messages and Markdown, without code in them.
//!
//! Text in backticks, fenced blocks, links' targets and placeholders such as `{name}` become
//! one opaque word, so a quotation never breaks a rule of style.

use crate::lexer::{Token, TokenKind};
use crate::sources::RustFile;

/// What stands in for code and other text that is not judged.
pub const OPAQUE: &str = "`";

/// What follows a word: nothing, a clause or a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordBreak {
    /// The next word belongs to the same clause.
    None,
    /// A comma, bracket or dash.
    Clause,
    /// The end of a sentence, a paragraph or the text.
    Sentence,
}

/// A word in lower case, or [`OPAQUE`].
#[derive(Clone, Debug)]
pub struct ProseWord {
    /// The word.
    pub text: String,
    /// Its line in the file.
    pub line: usize,
    /// What follows it.
    pub after: WordBreak,
}

/// The prose of a Rust file: all comments, and the messages of production code.
pub fn of_rust(file: &RustFile<'_>) -> Vec<ProseWord> {
    let mut reader = ProseReader::default();
    let mut previous: Option<&Token<'_>> = None;
    for token in &file.tokens {
        if token.is_comment() {
            let continues =
                previous.is_some_and(|last| last.kind == token.kind && last.line + 1 == token.line);
            if !continues {
                reader.end_text();
            }
            let lines = token.text.trim_end_matches("*/").lines().enumerate();
            for (index, line) in lines {
                reader.read_line(
                    line.trim().trim_start_matches(['/', '*', '!']),
                    token.line + index,
                );
            }
        } else if token.kind == TokenKind::StringLiteral && !token.is_test {
            read_message(&mut reader, token);
        }
        previous = Some(token);
    }
    reader.end_text();
    reader.words
}

/// The prose of a Markdown file.
pub fn of_markdown(text: &str) -> Vec<ProseWord> {
    let mut reader = ProseReader::default();
    for (index, line) in text.lines().enumerate() {
        reader.read_line(line, index + 1);
    }
    reader.end_text();
    reader.words
}

/// The prose of the comments of a TOML file.
pub fn of_toml(text: &str) -> Vec<ProseWord> {
    let mut reader = ProseReader::default();
    for (index, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix('#') {
            Some(comment) => reader.read_line(comment, index + 1),
            None => reader.end_text(),
        }
    }
    reader.end_text();
    reader.words
}

/// Reads a string literal if it has at least three words.
fn read_message(reader: &mut ProseReader, token: &Token<'_>) {
    let body = token
        .text
        .trim_matches(|character| character != '"')
        .trim_matches('"');
    if body.split_whitespace().nth(2).is_none() {
        return;
    }
    reader.end_text();
    for (index, line) in body.lines().enumerate() {
        let line = line
            .trim_end_matches('\\')
            .replace("\\n", ". ")
            .replace("\\\"", "\"");
        reader.is_message = true;
        reader.read_line(&line, token.line + index);
    }
    reader.end_text();
}

#[derive(Debug, Default)]
struct ProseReader {
    words: Vec<ProseWord>,
    is_in_fence: bool,
    is_in_backticks: bool,
    is_message: bool,
}

impl ProseReader {
    /// Ends a comment, a message or a document.
    fn end_text(&mut self) {
        self.break_after(WordBreak::Sentence);
        *self = Self {
            words: std::mem::take(&mut self.words),
            ..Self::default()
        };
    }

    fn break_after(&mut self, after: WordBreak) {
        if let Some(word) = self.words.last_mut() {
            word.after = word.after.max(after);
        }
    }

    fn push(&mut self, text: &str, line: usize) {
        self.words.push(ProseWord {
            text: text.to_lowercase(),
            line,
            after: WordBreak::None,
        });
    }

    fn read_line(&mut self, text: &str, line: usize) {
        let trimmed = text.trim();
        if trimmed.starts_with("```") {
            self.is_in_fence = !self.is_in_fence;
            self.break_after(WordBreak::Sentence);
            return;
        }
        if self.is_in_fence {
            return;
        }
        let starts_paragraph = ["- ", "* ", "#", "|"]
            .iter()
            .any(|mark| trimmed.starts_with(mark));
        if trimmed.is_empty() || starts_paragraph {
            self.break_after(WordBreak::Sentence);
            self.is_in_backticks = false;
        }
        let mut rest = trimmed;
        while !rest.is_empty() {
            rest = &rest[self.read_piece(rest, line)..];
        }
    }

    /// Reads one word, quotation or mark from the beginning of a text; returns its length.
    fn read_piece(&mut self, text: &str, line: usize) -> usize {
        let first = text.chars().next().unwrap_or_default();
        if self.is_in_backticks || first == '`' {
            return self.read_backticks(text, line);
        }
        if let Some(target) = text.strip_prefix("](") {
            return target.find(')').map_or(text.len(), |end| end + 3);
        }
        if first == '{' && self.is_message {
            self.push(OPAQUE, line);
            return text.find('}').map_or(text.len(), |end| end + 1);
        }
        if first.is_alphanumeric() {
            let length = word_length(text);
            let word = &text[..length];
            // `None` is Rust's and often stands without backticks.
            let is_code = word == "None" || word.contains(['/', '_', ':', '<', '=']);
            self.push(if is_code { OPAQUE } else { word }, line);
            return length;
        }
        match first {
            '.' | '!' | '?' | ';' | ':' => self.break_after(WordBreak::Sentence),
            ',' | '(' | ')' | '|' | '"' | '—' | '–' | '·' | '→' => {
                self.break_after(WordBreak::Clause)
            }
            _ => {}
        }
        first.len_utf8()
    }

    /// Reads up to the next backtick and, if that opens a quotation, past the one that closes it.
    fn read_backticks(&mut self, text: &str, line: usize) -> usize {
        let body = text.strip_prefix('`').filter(|_| !self.is_in_backticks);
        let close = body.unwrap_or(text).find('`');
        if body.is_some() {
            self.push(OPAQUE, line);
        }
        self.is_in_backticks = close.is_none();
        close.map_or(text.len(), |close| close + 1 + usize::from(body.is_some()))
    }
}

/// The length of a word. Marks inside of it belong to it: `config.toml`, `std::fs`, `don't`.
fn word_length(text: &str) -> usize {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_joined = !character.is_whitespace()
            && !matches!(
                character,
                '`' | '"' | ',' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '—'
            )
            && characters.peek().is_some_and(|(_, next)| {
                next.is_alphanumeric()
                    || (matches!(character, ':' | '/') && matches!(next, ':' | '/'))
            });
        if !character.is_alphanumeric() && !is_joined {
            break;
        }
        end = at + character.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::rust_file;

    fn shown(words: &[ProseWord]) -> String {
        let show = |word: &ProseWord| {
            let mark = match word.after {
                WordBreak::None => "",
                WordBreak::Clause => ",",
                WordBreak::Sentence => ".",
            };
            format!("{}{mark}", word.text)
        };
        words.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_messages_are_read() {
        let check = |text: &str, prose: &str| {
            assert_eq!(
                shown(&of_rust(&rust_file("src/a.rs", text))),
                prose,
                "{text}"
            );
        };
        check("// One,\n// two `three\n// four` five.", "one, two ` five.");
        check("/// One.\n// Two\nfn a() {} // three", "one. two. three.");
        check(
            "//! A [link](b c) to\n//! ```\n//! code\n//! ```\n//! std::fs don't",
            "a link to. ` don't.",
        );
        check(
            r#"let a = ("a b", "cannot read {path}:\n  gone", b"one two \"x\"");"#,
            "cannot read `. gone. one two, x.",
        );
        check("let a = \"one two \\\n   three\";", "one two three.");
        check(
            "#[cfg(test)]\nfn a() { f(\"one two three\") } // four",
            "four.",
        );
    }

    #[test]
    fn markdown_and_toml_are_read() {
        assert_eq!(
            shown(&of_markdown("# One\n- two\n\nthree\nfour")),
            "one. two. three four."
        );
        assert_eq!(
            shown(&of_toml("# One\n# two\na = \"three four five\"\n# six")),
            "one two. six."
        );
    }

    #[test]
    fn lines_are_kept() {
        let lines: Vec<_> = of_markdown("a\n\nb c")
            .iter()
            .map(|word| word.line)
            .collect();
        assert_eq!(lines, [1, 3, 3]);
    }
}
