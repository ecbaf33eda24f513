//! Escaping for the formats that reports are embedded in: workflow commands of GitHub Actions,
//! XML and Markdown.

/// The longest code in a cell of a Markdown table, in characters.
const MARKDOWN_CODE_MAX: usize = 300;

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
