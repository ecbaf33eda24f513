//! A request as a `curl` command for a POSIX shell.

/// A complete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: Option<String>,
}

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
        words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
    }
    if let Some(body) = &request.body {
        words.push(format!("--data-raw {}", quoted(body)));
    }
    words.join(" ")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_arguments_for_the_shell() {
        let request = WitnessRequest {
            method: "POST".to_owned(),
            target: "/a?b=c%20d&e=f".to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some("\"it's\"".to_owned()),
        };
        let expected = "curl -X POST -g \"$BASE\"'/a?b=c%20d&e=f' -H 'content-type: application/json' \
                        --data-raw '\"it'\\''s\"'";
        assert_eq!(curl(&request), expected);
    }
}
