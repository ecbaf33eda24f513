//! The hosts of the contract's servers. Routing ignores them; recordings of several hosts are
//! filtered by them.

use std::collections::BTreeSet;

use portcullis_json::JsonNode;

/// The hosts of the servers of all operations.
#[derive(Debug, Default)]
pub(super) struct ServerHosts {
    names: BTreeSet<String>,
    /// Whether a server does not name its host.
    is_open: bool,
}

impl ServerHosts {
    /// Adds the hosts of a `servers` array.
    pub(super) fn add(&mut self, servers: Option<JsonNode<'_>>) {
        let mut urls = servers.into_iter().flat_map(JsonNode::elements).peekable();
        self.is_open |= urls.peek().is_none();
        for server in urls {
            match server.get("url").and_then(|url| host_of(url.as_str()?)) {
                Some(host) => _ = self.names.insert(host),
                None => self.is_open = true,
            }
        }
    }

    /// The hosts, if all servers name theirs.
    pub(super) fn names(self) -> Option<Vec<Box<str>>> {
        let names = self.names.into_iter().map(String::into_boxed_str);
        let names: Vec<Box<str>> = names.collect();
        (!self.is_open && !names.is_empty()).then_some(names)
    }
}

/// The host and port of a server URL in lower case, with `*` for each variable. `None` for a
/// relative URL.
fn host_of(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest,
        None => url.strip_prefix("//")?,
    };
    let mut host = String::new();
    let mut in_variable = false;
    for char in rest.chars() {
        match char {
            '{' => {
                in_variable = true;
                host.push('*');
            }
            '}' => in_variable = false,
            '/' | '?' | '#' if !in_variable => break,
            '@' if !in_variable => host.clear(),
            _ if in_variable => {}
            other => host.extend(other.to_lowercase()),
        }
    }
    // A variable for the port stands for every port.
    let host = host.strip_suffix(":*").unwrap_or(&host);
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(host_of(url).as_deref(), expected, "{url}");
        };
        check("https://API.example.com/v1", Some("api.example.com"));
        check(
            "https://u:p@api.example.com:8443",
            Some("api.example.com:8443"),
        );
        check("//api.example.com?a", Some("api.example.com"));
        check("https://{region}.example.com/{base}", Some("*.example.com"));
        check("https://{a/b}:{port}/v1", Some("*"));
        check("http://[::1]:80/", Some("[::1]:80"));
        check("/v1", None);
        check("v1", None);
        check("", None);
    }
}
