//! What other dialects have and ECMA-262 has not, and what to write instead.

/// An escape of a letter or digit that ECMA-262 does not have.
pub(super) struct ForeignEscape {
    /// What to write instead.
    pub(super) reason: String,
    /// The same in ECMA-262, if there is one.
    pub(super) text: Option<&'static str>,
    /// What it stands for.
    pub(super) class: &'static [(char, char)],
}

/// The flags of other dialects.
const FLAGS: &str = "imsxuUnaLJdw-^";

const BLANKS: &[(char, char)] = &[('\t', '\t'), (' ', ' ')];

pub(super) fn foreign_escape(sign: char, is_in_class: bool) -> ForeignEscape {
    let (text, class): (Option<&str>, &[(char, char)]) = match (sign, is_in_class) {
        ('a', _) => (Some("\\x07"), &[('\x07', '\x07')]),
        ('e', _) => (Some("\\x1B"), &[('\x1b', '\x1b')]),
        ('h', false) => (Some("[\\t ]"), BLANKS),
        ('h', true) => (Some("\\t "), BLANKS),
        _ => (None, &[]),
    };
    let advice = match (sign, text) {
        (_, Some(text)) => format!("write `{text}`"),
        ('A', _) => "write `^`".to_owned(),
        ('z' | 'Z', _) => "write `$`".to_owned(),
        ('R', _) => "write `(?:\\r\\n|[\\n\\r\\u2028\\u2029])`".to_owned(),
        ('H', _) => "write `[^\\t ]`".to_owned(),
        ('N', _) => "write `.`".to_owned(),
        ('G' | 'K' | 'X', _) => "it has no counterpart".to_owned(),
        ('Q' | 'E', _) => "write a backslash before each of `^$\\.*+?()[]{}|/`".to_owned(),
        ('B' | 'k', _) => "it has no meaning inside a class".to_owned(),
        _ => format!("write `{sign}` for the character"),
    };
    ForeignEscape {
        reason: format!("ECMA-262 has no escape `\\{sign}`: {advice}"),
        text,
        class,
    }
}

/// Why a group that begins with `(?` is not ECMA-262.
pub(super) fn foreign_group(group: &[char]) -> String {
    let text: String = group.iter().take(12).collect();
    let flags: String = text
        .chars()
        .skip(2)
        .take_while(|c| FLAGS.contains(*c))
        .collect();
    let is_flags = !flags.is_empty() && text[2 + flags.len()..].starts_with([')', ':']);
    if is_flags {
        return foreign_flags(&flags);
    }
    match text.chars().nth(2) {
        Some('\'') => "a named group is written `(?<name>…)`".to_owned(),
        Some('|' | 'R' | '&' | 'P' | '0'..='9' | '+' | '-') => {
            "ECMA-262 has no recursion and no numbering by branches: write the part out".to_owned()
        }
        Some('(') => "ECMA-262 has no conditional group: write alternatives `(?:a|b)`".to_owned(),
        _ => {
            "a group begins with `(`, `(?:`, `(?<name>`, `(?=`, `(?!`, `(?<=` or `(?<!`".to_owned()
        }
    }
}

fn foreign_flags(flags: &str) -> String {
    let advice = if flags.contains('x') {
        "write the pattern without white space and comments"
    } else if flags.contains('i') {
        "write both cases, such as `[Aa]`, or `(?i:…)` around the part"
    } else if flags.contains('s') {
        "write `[^]` for any character instead of `.`"
    } else if flags.contains('m') {
        "write `(?m:…)` around the part where `^` and `$` match at lines"
    } else {
        "remove it"
    };
    format!("ECMA-262 has no flags `(?{flags}` inside a pattern: {advice}")
}

type PosixClass = (&'static str, &'static str, &'static [(char, char)]);

const POSIX_CLASSES: [PosixClass; 10] = [
    (
        "[:alnum:]",
        "0-9A-Za-z",
        &[('0', '9'), ('A', 'Z'), ('a', 'z')],
    ),
    ("[:alpha:]", "A-Za-z", &[('A', 'Z'), ('a', 'z')]),
    ("[:blank:]", "\\t ", BLANKS),
    (
        "[:cntrl:]",
        "\\0-\\x1F\\x7F",
        &[('\0', '\x1f'), ('\x7f', '\x7f')],
    ),
    ("[:digit:]", "0-9", &[('0', '9')]),
    ("[:lower:]", "a-z", &[('a', 'z')]),
    ("[:space:]", "\\t-\\r ", &[('\t', '\r'), (' ', ' ')]),
    ("[:upper:]", "A-Z", &[('A', 'Z')]),
    (
        "[:word:]",
        "\\w",
        &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
    ),
    (
        "[:xdigit:]",
        "0-9A-Fa-f",
        &[('0', '9'), ('A', 'F'), ('a', 'f')],
    ),
];

/// The POSIX class at the start of a text: as written, as it is in ECMA-262, and what it contains.
pub(super) fn posix_class(text: &str) -> Option<PosixClass> {
    let mut classes = POSIX_CLASSES.into_iter();
    classes.find(|(written, _, _)| text.starts_with(written))
}
