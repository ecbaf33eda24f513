//! A request as a `curl` command that can be pasted into a POSIX shell.

use super::confirmed_witness::WitnessRequest;

/// The command; the server stands in the variable `BASE`.
pub(super) fn curl(request: &WitnessRequest) -> String {
    let mut words = vec!["curl".to_owned()];
    if request.method == "HEAD" {
        words.push("--head".to_owned());
    } else if request.method != "GET" || request.body.is_some() {
        words.push(format!("-X {}", request.method));
    }
    // Braces and brackets in addresses mean something to curl.
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
    fn words_are_quoted_for_the_shell() {
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
