//! Tabs between a colon and its value.
//!
//! They are white space that separates (YAML 1.2.2 section 6.2), but the scanner of saphyr-parser
//! (0.3.3, `fetch_value`) refuses a value that begins with a letter or a hyphen after tabs alone. So
//! the tabs become spaces, and the text is read again. White space there is not part of any value.

use super::closing_brackets::{AGAIN_BYTES_MAX, offset_of};
use super::yaml_error::YamlError;

/// The error of the scanner for such a value.
const INVALID_SEPARATOR: &str = "':' must be followed by a valid YAML whitespace";

/// The tabs of one text that were replaced.
#[derive(Debug, Default)]
pub(super) struct SeparatingTabs {
    again_bytes: usize,
}

impl SeparatingTabs {
    /// The text with spaces for the tabs by which reading it failed. `None` for other errors.
    pub(super) fn replaced(&mut self, text: &str, error: &YamlError) -> Option<String> {
        let at = offset_of(text, error).filter(|_| error.message == INVALID_SEPARATOR)?;
        let before = text[..at].trim_end_matches('\t');
        let tabs = at - before.len();
        self.again_bytes += at;
        let is_separator = tabs > 0 && before.ends_with(':');
        (is_separator && self.again_bytes <= AGAIN_BYTES_MAX)
            .then(|| format!("{before}{}{}", " ".repeat(tabs), &text[at..]))
    }
}
