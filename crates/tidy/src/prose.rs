//! The words that people read: comments, messages and Markdown, without code in them.
//!
//! All comments count, and the string literals of production code that have at least three words.

use crate::lexer::{Token, TokenKind};
use crate::prose_reader::{ProseReader, ProseWord};
use crate::source_files::RustFile;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose_reader::WordBreak;
    use crate::source_files::rust_file;

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
