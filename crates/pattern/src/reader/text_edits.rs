//! Edits of a pattern that replace what a tolerant reading accepts.

/// One replacement, in numbers of characters.
#[derive(Clone, Debug)]
struct TextEdit {
    start: usize,
    end: usize,
    text: String,
}

/// Replacements in a text, in the order of their places.
#[derive(Clone, Debug, Default)]
pub(super) struct TextEdits(Vec<TextEdit>);

impl TextEdits {
    pub(super) fn replace(&mut self, start: usize, end: usize, text: &str) {
        let text = text.to_owned();
        self.0.push(TextEdit { start, end, text });
    }

    /// The text with all edits.
    pub(super) fn apply(mut self, characters: &[char]) -> String {
        // An insertion comes before a replacement at the same place.
        self.0.sort_by_key(|edit| (edit.start, edit.end));
        let mut out = String::with_capacity(characters.len());
        let mut at = 0;
        for edit in self.0 {
            out.extend(characters[at..edit.start].iter());
            out.push_str(&edit.text);
            at = edit.end;
        }
        out.extend(characters[at..].iter());
        out
    }
}
