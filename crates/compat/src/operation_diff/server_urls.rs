//! The URLs that Server Objects stand for: one for each combination of the values of their
//! variables (OpenAPI 3.1.1, Server Variable Object).

use std::collections::{BTreeMap, BTreeSet};

use portcullis_contract::CompiledContract;
use portcullis_json::JsonNode;

use super::super::compat_finding::{path_expressions, path_shape};

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

/// Whether a template covers a URL that has values, or fewer variables: each `{}` of the template
/// stands for a text without `/`.
pub(super) fn covers(template: &str, url: &str) -> bool {
    let Some((literal, rest)) = template.split_once("{}") else {
        return template == url;
    };
    let Some(found) = url.strip_prefix(literal) else {
        return false;
    };
    let end = found.find('/').unwrap_or(found.len());
    let ends = found
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8());
    ends.take_while(|at| *at <= end)
        .any(|at| covers(rest, &found[at..]))
}

/// The variables of each server whose default says which of several URLs clients use, with that
/// default: by the URL without variable names, and the position of the variable.
pub(super) fn server_defaults(
    contract: &CompiledContract,
) -> BTreeMap<(String, usize), (String, String)> {
    let root = contract.documents().entry().root();
    let servers = root.get("servers").into_iter().flat_map(JsonNode::elements);
    let mut defaults = BTreeMap::new();
    for server in servers {
        let Some(url) = server.get("url").and_then(|url| url.as_str()) else {
            continue;
        };
        for (position, name) in path_expressions(url).into_iter().enumerate() {
            let variable = server.get("variables").and_then(|all| all.get(name));
            let default = variable.and_then(|variable| variable.get("default"));
            if let Some(default) = default {
                let key = (path_shape(url), position);
                defaults.insert(key, (name.to_owned(), text(default)));
            }
        }
    }
    defaults
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

    #[test]
    fn a_template_covers_its_urls() {
        let check = |template: &str, url: &str, expected: bool| {
            assert_eq!(covers(template, url), expected, "{template} {url}");
        };
        check("https://h/{}", "https://h/v1", true);
        check("https://h/{}", "https://h/v1/a", false);
        check("https://h/{}", "https://h/", false);
        check("https://{}.h/{}", "https://eu.h/v1", true);
        check("https://{}.h/{}", "https://eu.h/{}", true);
        check("https://{}.h/v1", "https://eu.h/v2", false);
        check("https://h/v1", "https://h/v1", true);
        check("https://{}-{}.h", "https://é-ü.h", true);
    }
}
