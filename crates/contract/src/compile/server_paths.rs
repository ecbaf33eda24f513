//! Base paths: the path of each URL in `servers` (OpenAPI 3.0.4 and 3.1.1, Server Object).
//!
//! Only the path matters for routing, not the host. A server variable with an `enum` gives one base
//! path for each value. Another variable in the path stays an expression that matches the text of
//! one segment.

use portcullis_json::JsonNode;

/// The maximum number of base paths of one server.
const EXPANSIONS_MAX: usize = 64;

/// The base paths of one Server Object, as text for path templates.
///
/// # Errors
/// A sentence that says what is wrong with the object.
pub(super) fn base_paths(server: JsonNode<'_>) -> Result<Vec<String>, String> {
    let url = server
        .get("url")
        .and_then(scalar_text)
        .ok_or("a server must have a `url`, which is a string")?;
    let variables = server.get("variables").filter(|value| !value.is_null());
    if variables.is_some_and(|variables| !variables.is_object()) {
        return Err("the `variables` of a server must be an object".to_owned());
    }
    let mut urls = vec![url.to_owned()];
    for (name, variable) in variables.into_iter().flat_map(JsonNode::members) {
        let expression = format!("{{{name}}}");
        let path_at = path_start(url);
        let in_path = path_at.is_some_and(|at| url[at..].contains(&expression));
        if let Some(values) = values(name, variable, in_path)? {
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

/// The values that replace a variable. `None` if it stays an expression.
fn values<'d>(
    name: &str,
    variable: JsonNode<'d>,
    in_path: bool,
) -> Result<Option<Vec<&'d str>>, String> {
    let default = variable
        .get("default")
        .and_then(scalar_text)
        .ok_or_else(|| {
            format!("the server variable `{name}` must have a `default`, which is a string")
        })?;
    let values: Option<Vec<&str>> = match variable.get("enum") {
        Some(list) if !list.is_array() => None,
        list => {
            let elements = list.into_iter().flat_map(JsonNode::elements);
            elements.map(scalar_text).collect()
        }
    };
    let values = values.ok_or_else(|| {
        format!("the `enum` of the server variable `{name}` must be a list of strings")
    })?;
    if !values.is_empty() {
        return Ok(Some(values));
    }
    let is_one_segment = !default.contains('/') && !default.is_empty();
    Ok((!in_path || !is_one_segment).then(|| vec![default]))
}

/// The text of a string or a number. YAML reads unquoted values such as ports as numbers.
fn scalar_text(node: JsonNode<'_>) -> Option<&str> {
    node.as_str().or(node.number_text())
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
        None => url.trim_start_matches("./"),
    };
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
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
