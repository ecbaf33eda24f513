//! The URLs that Server Objects stand for: one for each combination of the values of their
//! variables (OpenAPI 3.1.1, Server Variable Object).

use std::collections::{BTreeMap, BTreeSet};

use portcullis_contract::CompiledContract;
use portcullis_json::JsonNode;

use super::super::compat_finding::path_shape;

/// URLs by their text without variable names, so that a renamed variable changes nothing.
pub(super) type ServerUrls = BTreeMap<String, String>;

/// The URLs of the servers of the whole contract. A variable without `enum` may have any value, so
/// it stays in the URL; the URL with its default is one more.
pub(super) fn server_urls(contract: &CompiledContract) -> ServerUrls {
    let root = contract.documents().entry().root();
    let servers = root.get("servers").into_iter().flat_map(JsonNode::elements);
    let urls = servers.filter_map(|server| Some((server, server.get("url")?.as_str()?)));
    urls.flat_map(|(server, url)| expanded(server, url))
        .map(|url| (path_shape(&url), url))
        .collect()
}

fn expanded(server: JsonNode<'_>, url: &str) -> BTreeSet<String> {
    let mut urls = BTreeSet::from([url.to_owned()]);
    let mut defaults = Vec::new();
    let variables = server.get("variables").into_iter();
    for (name, variable) in variables.flat_map(JsonNode::members) {
        let expression = format!("{{{name}}}");
        let allowed: Vec<String> = variable
            .get("enum")
            .into_iter()
            .flat_map(JsonNode::elements)
            .map(text)
            .collect();
        if allowed.is_empty() {
            defaults.extend(
                variable
                    .get("default")
                    .map(|value| (expression, text(value))),
            );
            continue;
        }
        // Compilation bounds the number of URLs.
        urls = urls
            .iter()
            .flat_map(|url| allowed.iter().map(|value| url.replace(&expression, value)))
            .collect();
    }
    let with_defaults: Vec<String> = urls
        .iter()
        .map(|url| {
            let replace = |url: String, (expression, value): &(String, String)| {
                url.replace(expression.as_str(), value)
            };
            defaults.iter().fold(url.clone(), replace)
        })
        .collect();
    urls.extend(with_defaults);
    urls.iter()
        .map(|url| url.trim_end_matches('/').to_owned())
        .collect()
}

fn text(value: JsonNode<'_>) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The path of a URL.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |start| &rest[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_path_of_a_url() {
        let check = |url: &str, path: &str| assert_eq!(path_of(url), path, "{url}");
        check("https://h/v1", "/v1");
        check("https://h", "");
        check("/v1", "/v1");
        check("https://h/", "/");
    }
}
