//! Base paths: the path of each URL in `servers` (OpenAPI 3.0.4 and 3.1.1, Server Object).
//!
//! Only the path matters for routing, not the host. A server variable with an `enum` gives one base
//! path for each value. Another variable in the path stays an expression that matches the text of
//! one segment.

use openapiv3::{Server, ServerVariable};
use serde::Deserialize;
use serde_json::{Map, Value};

use portcullis_json::JsonNode;

/// The maximum number of base paths of one server.
const EXPANSIONS_MAX: usize = 64;

/// The base paths of one Server Object, as text for path templates.
///
/// # Errors
/// A sentence that says what is wrong with the object.
pub(super) fn base_paths(server: JsonNode<'_>) -> Result<Vec<String>, String> {
    check_fields(server)?;
    let typed = Server::deserialize(skeleton(server))
        .map_err(|error| format!("not a Server Object: {error}"))?;
    let mut urls = vec![typed.url.clone()];
    for (name, variable) in typed.variables.iter().flatten() {
        let expression = format!("{{{name}}}");
        let path_at = path_start(&typed.url);
        let in_path = path_at.is_some_and(|at| typed.url[at..].contains(&expression));
        if let Some(values) = values(variable, in_path) {
            urls = urls
                .iter()
                .flat_map(|url| values.iter().map(|value| url.replace(&expression, value)))
                .collect();
        }
        if urls.len() > EXPANSIONS_MAX {
            return Err(format!(
                "the variables of the server expand to more than {EXPANSIONS_MAX} paths"
            ));
        }
    }
    let mut paths: Vec<String> = urls.iter().map(|url| path_of(url)).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Checks the fields that are read, because the messages of the typed model do not name them.
fn check_fields(server: JsonNode<'_>) -> Result<(), String> {
    let is_text = |node: JsonNode<'_>| node.as_str().or(node.number_text()).is_some();
    if !server.get("url").is_some_and(is_text) {
        return Err("a server must have a `url`, which is a string".to_owned());
    }
    let Some(variables) = server.get("variables").filter(|value| !value.is_null()) else {
        return Ok(());
    };
    if !variables.is_object() {
        return Err("the `variables` of a server must be an object".to_owned());
    }
    for (name, variable) in variables.members() {
        if !variable.get("default").is_some_and(is_text) {
            return Err(format!(
                "the server variable `{name}` must have a `default`, which is a string"
            ));
        }
        let list = variable.get("enum");
        if list.is_some_and(|list| !list.is_array() || !list.elements().all(is_text)) {
            return Err(format!(
                "the `enum` of the server variable `{name}` must be a list of strings"
            ));
        }
    }
    Ok(())
}

/// The values that replace a variable. `None` if it stays an expression.
fn values(variable: &ServerVariable, in_path: bool) -> Option<Vec<String>> {
    if !variable.enumeration.is_empty() {
        return Some(variable.enumeration.clone());
    }
    let is_one_segment = !variable.default.contains('/') && !variable.default.is_empty();
    (!in_path || !is_one_segment).then(|| vec![variable.default.clone()])
}

/// The index where the path of a server URL starts. `None` if there is no path or if it depends on
/// a variable.
fn path_start(url: &str) -> Option<usize> {
    match url.find("://") {
        Some(at) => url[at + 3..].find('/').map(|slash| at + 3 + slash),
        None => (!url.starts_with('{')).then_some(0),
    }
}

/// The path of a server URL, with a leading slash. Relative URLs are resolved against the root,
/// because a proxy does not know where the document is published.
fn path_of(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let path = match url.find("://") {
        Some(at) => url[at + 3..]
            .find('/')
            .map_or("", |slash| &url[at + 3 + slash..]),
        None if url.starts_with("//") => url[2..].find('/').map_or("", |slash| &url[2 + slash..]),
        None => url,
    };
    without_dot_segments(path)
}

/// The path with a leading slash, without the segments `.` and `..` (RFC 3986 section 5.2.4). Slashes
/// at its end count as one, because the paths of operations follow them.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let mut ends_in_slash = true;
    for segment in segments {
        ends_in_slash = matches!(segment, "" | "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    while kept.last() == Some(&"") {
        kept.pop();
    }
    let slash = if ends_in_slash && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{slash}", kept.join("/"))
}

/// The fields that the typed model needs. Numbers become strings, because YAML reads unquoted
/// values such as ports as numbers.
fn skeleton(server: JsonNode<'_>) -> Value {
    let mut out = Map::new();
    for name in ["url", "variables"] {
        if let Some(value) = server.get(name) {
            out.insert(name.to_owned(), as_text(value));
        }
    }
    Value::Object(out)
}

fn as_text(node: JsonNode<'_>) -> Value {
    match node.number_text() {
        Some(number) => Value::String(number.to_owned()),
        None if node.is_object() => node
            .members()
            .map(|(name, value)| (name.to_owned(), as_text(value)))
            .collect(),
        None if node.is_array() => node.elements().map(as_text).collect(),
        None => node.to_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_json::{JsonLimits, Tape};

    fn check(server: &str, expected: &[&str]) {
        let mut tape = Tape::new();
        tape.parse("", server.as_bytes(), JsonLimits::default())
            .unwrap();
        assert_eq!(base_paths(tape.root(server)).unwrap(), expected, "{server}");
    }

    #[test]
    fn reads_the_path_of_a_server() {
        check(r#"{"url": "https://api.example.com/v1"}"#, &["/v1"]);
        check(r#"{"url": "https://api.example.com"}"#, &["/"]);
        check(r#"{"url": "https://api.example.com/v1/?a=b"}"#, &["/v1/"]);
        check(r#"{"url": "/v2"}"#, &["/v2"]);
        check(r#"{"url": "v2/x"}"#, &["/v2/x"]);
        check(r#"{"url": "//host/x"}"#, &["/x"]);
        check(r#"{"url": ""}"#, &["/"]);
        check(r#"{"url": "https://api.example.com//"}"#, &["/"]);
        check(r#"{"url": "https://api.example.com/v1//"}"#, &["/v1/"]);
    }

    #[test]
    fn resolves_dot_segments() {
        check(r#"{"url": "./v1"}"#, &["/v1"]);
        check(r#"{"url": "../v1"}"#, &["/v1"]);
        check(r#"{"url": "/api/../v1"}"#, &["/v1"]);
        check(r#"{"url": "https://a.b/x/./y/.."}"#, &["/x/"]);
        check(r#"{"url": "https://a.b/x/../y"}"#, &["/y"]);
        check(r#"{"url": ".."}"#, &["/"]);
        check(r#"{"url": "/v1..2/.x"}"#, &["/v1..2/.x"]);
    }

    #[test]
    fn expands_variables_in_the_path() {
        check(
            r#"{"url": "http://a.b:{port}/v{n}", "variables":
                {"port": {"default": 80}, "n": {"enum": [1, 2], "default": 1}}}"#,
            &["/v1", "/v2"],
        );
        check(
            r#"{"url": "https://{host}/{v}", "variables":
                {"host": {"default": "a.b"}, "v": {"default": "v1", "enum": ["v1", "v2"]}}}"#,
            &["/v1", "/v2"],
        );
        check(
            r#"{"url": "/{tenant}/api", "variables": {"tenant": {"default": "acme"}}}"#,
            &["/{tenant}/api"],
        );
        check(
            r#"{"url": "{base}/api", "variables": {"base": {"default": "https://a.b/c"}}}"#,
            &["/c/api"],
        );
    }
}
