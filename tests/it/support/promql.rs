//! The series and labels that a PromQL expression reads.
//!
//! Prometheus accepts expressions about metrics that do not exist, so the names in shipped
//! expressions are parsed here and compared with the real ones.

/// A series that an expression reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) series: String,
    /// Labels with their operator and text.
    pub(crate) matchers: Vec<(String, String, String)>,
}

/// Keywords that precede a list of labels in parentheses.
const GROUPINGS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

/// Words that are not series even without a following parenthesis.
const WORDS: [&str; 16] = [
    "and",
    "or",
    "unless",
    "offset",
    "bool",
    "sum",
    "min",
    "max",
    "avg",
    "count",
    "topk",
    "bottomk",
    "quantile",
    "group",
    "group_left",
    "group_right",
];

/// The series of an expression, and the labels that it groups by.
pub(crate) fn read(expression: &str) -> (Vec<Selector>, Vec<String>) {
    let (mut selectors, mut grouped) = (Vec::new(), Vec::new());
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = quoted(rest).1;
        } else if first == '[' {
            rest = rest.split_once(']').expect("a range ends").1;
        } else if first.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (word, after) = word(rest);
            rest = after.trim_start();
            if GROUPINGS.contains(&word) && rest.starts_with('(') {
                let (list, after) = rest[1..].split_once(')').expect("a list of labels ends");
                grouped.extend(list.split(',').map(|label| label.trim().to_owned()));
                rest = after;
            } else if !rest.starts_with('(') && !WORDS.contains(&word) {
                let (matchers, after) = matchers(rest);
                let series = word.to_owned();
                selectors.push(Selector { series, matchers });
                rest = after;
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    (selectors, grouped)
}

fn word(text: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

/// The text in double quotes, and the rest; it contains no escaped quotes.
fn quoted(text: &str) -> (&str, &str) {
    text[1..].split_once('"').expect("a text ends")
}

fn matchers(text: &str) -> (Vec<(String, String, String)>, &str) {
    let mut found = Vec::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return (found, text);
    };
    loop {
        rest = rest.trim_start_matches([' ', ',', '\n']);
        if let Some(after) = rest.strip_prefix('}') {
            return (found, after);
        }
        let (label, after) = word(rest);
        let operator = &after[..after.find('"').expect("a matcher has a text")];
        let (value, after) = quoted(&after[operator.len()..]);
        found.push((
            label.to_owned(),
            operator.trim().to_owned(),
            value.to_owned(),
        ));
        rest = after;
    }
}

#[test]
fn separates_series_and_labels_from_functions_and_keywords() {
    let check = |expression: &str, series: &str, grouped: &str| {
        let (found, labels) = read(expression);
        let found: Vec<String> = found
            .iter()
            .map(|selector| {
                let matchers = selector.matchers.iter();
                let matchers =
                    matchers.map(|(label, operator, value)| format!("{label}{operator}{value}"));
                let matchers: Vec<String> = matchers.collect();
                format!("{}{{{}}}", selector.series, matchers.join(" "))
            })
            .collect();
        assert_eq!(
            (found.join(" "), labels.join(" ")),
            (series.to_owned(), grouped.to_owned()),
            "{expression}"
        );
    };
    check("up", "up{}", "");
    check("up == 0", "up{}", "");
    check(
        r#"rate(a_total{b="c", d=~"e|f"}[5m])"#,
        "a_total{b=c d=~e|f}",
        "",
    );
    check("sum by (x, y) (rate(a:b[5m] offset 10m))", "a:b{}", "x y");
    check(
        "sum(a) by (x) / on (x) group_left (y) b",
        "a{} b{}",
        "x x y",
    );
    check("sum(a) * on(x) group_left b > 1e3", "a{} b{}", "x");
    check(r#"label_replace(a, "x", "$1", "y", "(.*)")"#, "a{}", "");
    check(
        "histogram_quantile(0.99, a) or vector(0) unless b{}",
        "a{} b{}",
        "",
    );
}
