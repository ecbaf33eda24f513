//! Escaping for the formats that reports are embedded in: workflow commands of GitHub Actions,
//! XML and Markdown.

/// The longest code in a cell of a Markdown table, in characters.
const MARKDOWN_CODE_MAX: usize = 300;

/// One line of text for a terminal or a log of a pipeline. Texts come from contracts, catalogs and
/// arguments, so a line break, an escape sequence or a command of the pipeline in them is shown and
/// has no effect.
pub(crate) fn escape_line(text: &str) -> String {
    inert_command(&escape_where(text, is_unsafe))
}

/// Text of several lines, with the same escapes except for line breaks and tabs. The escapes are
/// also valid in JSON and TOML.
pub(crate) fn escape_lines(text: &str) -> String {
    let escaped = escape_document(text);
    let lines: Vec<String> = escaped.split('\n').map(inert_command).collect();
    lines.join("\n")
}

/// A document that may contain commands of the pipeline.
pub(crate) fn escape_document(text: &str) -> String {
    escape_where(text, |c| is_unsafe(c) && !matches!(c, '\n' | '\t'))
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the characters that change
/// the direction of text (Unicode, UAX #9).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

fn escape_where(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => escaped.push(c),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    escaped
}

/// A line that GitHub does not take for a workflow command (`::name::` or `##[name]`).
fn inert_command(line: &str) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let line = match text.strip_prefix("::") {
        Some(rest) => format!("{indent}:\\u003a{rest}"),
        None => line.to_owned(),
    };
    line.replace("##[", "#\\u0023[")
}

/// Escapes the message of a GitHub workflow command.
pub(crate) fn escape_annotation(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a GitHub workflow command.
pub(crate) fn escape_annotation_property(text: &str) -> String {
    escape_annotation(text)
        .replace(':', "%3A")
        .replace(',', "%2C")
}

/// Escapes text for XML 1.0. It cannot represent most control characters (section 2.2), so they
/// become U+FFFD.
pub(crate) fn escape_xml(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes all characters that mean something in Markdown or HTML. Control characters become spaces.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_control() => escaped.push(' '),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Code for a cell of a Markdown table. It is an HTML element, because a cell cannot contain a
/// fenced block and backticks cannot quote every text.
pub(crate) fn markdown_code(text: &str) -> String {
    let text: String = text.chars().take(MARKDOWN_CODE_MAX).collect();
    format!("<code>{}</code>", escape_markdown(&text))
}

/// A sentence as Markdown: text between pairs of backticks becomes code, the rest is escaped.
pub(crate) fn markdown_prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape_markdown(text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| {
        if index.is_multiple_of(2) {
            escape_markdown(part)
        } else {
            markdown_code(part)
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_outside_have_no_effect_on_a_terminal_or_a_pipeline() {
        let check = |text: &str, line: &str, lines: &str| {
            assert_eq!(escape_line(text), line);
            assert_eq!(escape_lines(text), lines);
        };
        check("a b: ä 漢 🦀", "a b: ä 漢 🦀", "a b: ä 漢 🦀");
        check(
            "a\n::add-mask::b",
            "a\\n::add-mask::b",
            "a\n:\\u003aadd-mask::b",
        );
        check("  ::stop::", "  :\\u003astop::", "  :\\u003astop::");
        check("x ##[error]y", "x #\\u0023[error]y", "x #\\u0023[error]y");
        check(
            "\r\u{1b}[31m\u{9b}1m",
            "\\r\\u001b[31m\\u009b1m",
            "\\r\\u001b[31m\\u009b1m",
        );
        check("a\tb", "a\\tb", "a\tb");
        check(
            "\u{202e}\u{2066}\u{200f}\u{2028}\u{7f}",
            "\\u202e\\u2066\\u200f\\u2028\\u007f",
            "\\u202e\\u2066\\u200f\\u2028\\u007f",
        );
        // Documents may contain commands.
        assert_eq!(escape_document("::error::a\u{1b}\n"), "::error::a\\u001b\n");
    }

    #[test]
    fn escapes_what_each_format_needs() {
        assert_eq!(escape_annotation("100%:\r\na,b"), "100%25:%0D%0Aa,b");
        assert_eq!(escape_annotation_property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
        assert_eq!(
            escape_xml("<a b=\"&\">\n\u{1b}"),
            "&lt;a b=&quot;&amp;&quot;&gt; \u{fffd}"
        );
        assert_eq!(
            escape_markdown("a|b <c>\n\u{1b}@d"),
            "a\\|b &lt;c&gt;  \\@d"
        );
        assert_eq!(markdown_code("a|`b`"), "<code>a\\|\\`b\\`</code>");
        assert_eq!(markdown_prose("use `a|b`"), "use <code>a\\|b</code>");
        assert_eq!(markdown_prose("a ` b"), "a \\` b");
    }
}
