//! Splits prose into words, and leaves out the code in it.
//!
//! Text in backticks, fenced blocks, targets of links and placeholders such as `{name}` become one
//! opaque word, so a quotation never breaks a rule of style.

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

/// Collects the words of one file, line by line.
#[derive(Debug, Default)]
pub struct ProseReader {
    /// The words so far.
    pub words: Vec<ProseWord>,
    is_in_fence: bool,
    is_in_backticks: bool,
    /// Whether the lines are of a string literal, where `{name}` is a placeholder.
    pub is_message: bool,
}

impl ProseReader {
    /// Ends a comment, a message or a document.
    pub fn end_text(&mut self) {
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

    /// Reads one line of a text, without comment marks.
    pub fn read_line(&mut self, text: &str, line: usize) {
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
