//! A request as a `curl` command for a POSIX shell.

use super::witness_message::WitnessRequest;

/// Writes the command. The variable `BASE` holds the server.
pub(super) fn curl(request: &WitnessRequest) -> String {
    let mut words = vec!["curl".to_owned()];
    if request.method == "HEAD" {
        words.push("--head".to_owned());
    } else if request.method != "GET" || request.body.is_some() {
        words.push(format!("-X {}", request.method));
    }
    // `-g` stops curl from expanding braces and brackets in the URL.
    words.push(format!("-g \"$BASE\"{}", quoted(&request.target)));
    for (name, value) in &request.headers {
        // curl omits a field that ends with a colon; the semicolon means an empty value.
        let field = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        words.push(format!("-H {}", quoted(&field)));
    }
    if let Some(body) = &request.body {
        words.push(format!("--data-raw {}", quoted(body)));
    }
    words.join(" ")
}

/// Quotes an argument. Control characters are written as escapes, so that the command is one line.
fn quoted(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut quoted = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\\' | '\'' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_arguments_for_the_shell() {
        let request = WitnessRequest {
            method: "POST".to_owned(),
            target: "/a?b=c%20d&e=f".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("x-empty".to_owned(), String::new()),
            ],
            body: Some("\"it's\"".to_owned()),
        };
        let expected = "curl -X POST -g \"$BASE\"'/a?b=c%20d&e=f' -H 'content-type: application/json' \
                        -H 'x-empty;' --data-raw '\"it'\\''s\"'";
        assert_eq!(curl(&request), expected);
        assert_eq!(quoted("a'\\\r\n\t\u{1}b"), "$'a\\'\\\\\\r\\n\\t\\u0001b'");
    }
}
