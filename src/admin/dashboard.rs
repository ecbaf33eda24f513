//! Serves `/`: the dashboard for browsers, the list of routes for other clients.
//!
//! The page is one response and needs no build step: its parts in `page/` are joined by the compiler. Its content security policy allows only its own
//! script and style, by hash, and requests to this port. Text of a contract or a request that
//! reached the page as markup could therefore not run.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use super::admin_response::{AdminResponse, page, text};
use super::admin_route::index;

/// The page. Its script and style are inline, and it refers to no other host. The parts of the
/// script are in the order in which data flows through them.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    include_str!("page/style.css"),
    include_str!("page/body.html"),
    include_str!("page/settings.js"),
    include_str!("page/text.js"),
    include_str!("page/elements.js"),
    include_str!("page/charts.js"),
    include_str!("page/polling.js"),
    include_str!("page/services.js"),
    include_str!("page/breaker_facts.js"),
    include_str!("page/upstream_causes.js"),
    include_str!("page/contract_causes.js"),
    include_str!("page/operator_causes.js"),
    include_str!("page/dependency_causes.js"),
    include_str!("page/cards.js"),
    include_str!("page/commands.js"),
    include_str!("page/service_list.js"),
    include_str!("page/service_panel.js"),
    include_str!("page/sections.js"),
    include_str!("page/announcements.js"),
    include_str!("page/actions.js"),
    include_str!("page/tail.html"),
);

/// The content security policy of the page.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = policy(PAGE);
    HeaderValue::from_str(&policy).expect("directives and hashes are visible ASCII")
});

/// The response to `GET /`, chosen by the `Accept` header field.
pub(super) fn front(headers: &HeaderMap) -> AdminResponse {
    let mut answer = if accepts_html(headers) {
        dashboard()
    } else {
        text(StatusCode::OK, index())
    };
    let vary = HeaderValue::from_static("accept");
    answer.headers_mut().insert(VARY, vary);
    answer
}

fn dashboard() -> AdminResponse {
    let mut answer = page(Bytes::from_static(PAGE.as_bytes()));
    let fields = answer.headers_mut();
    fields.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // For browsers that do not know `frame-ancestors`.
        (X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether the client names `text/html`, as browsers do. Other programs send `*/*` alone.
fn accepts_html(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT).iter();
    let fields = fields.filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts
            .next()
            .is_some_and(|essence| essence.eq_ignore_ascii_case("text/html"));
        is_html && !parts.any(is_zero_weight)
    })
}

/// Whether a parameter is a weight of zero, "not acceptable" (RFC 9110, section 12.4.2).
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else {
        return false;
    };
    name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0)
}

/// The content security policy (level 3) of a page: it allows only what it names. Trusted types
/// make the browser refuse to parse any string as markup.
fn policy(page: &str) -> String {
    let script = hash(between(page, "<script>", "</script>"));
    let style = hash(between(page, "<style>", "</style>"));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// The source expression for an element with this content.
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

/// The text between two tags that occur once in the page.
fn between<'p>(page: &'p str, opening: &str, closing: &str) -> &'p str {
    let (_, rest) = page.split_once(opening).unwrap_or_default();
    rest.split_once(closing).unwrap_or_default().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn browsers_get_the_page_and_other_clients_the_list() {
        let check = |accept: &[&'static str], expected: bool| {
            let mut headers = HeaderMap::new();
            for accept in accept {
                headers.append(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepts_html(&headers), expected, "{accept:?}");
        };
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true);
        check(&["Text/HTML; charset=utf-8; q=0.1"], true);
        check(&["text/plain", "text/html"], true);
        check(&[], false);
        check(&["*/*"], false);
        check(&["text/*, application/json"], false);
        check(&["text/html;q=0"], false);
        check(&["text/html ; Q = 0.000, */*"], false);
        check(&["text/html2"], false);
        check(&[""], false);
    }

    #[test]
    fn policy_contains_the_hashes_of_script_and_style() {
        for tag in ["<script>", "</script>", "<style>", "</style>"] {
            assert_eq!(PAGE.matches(tag).count(), 1, "{tag}");
        }
        assert!(!PAGE.contains("<script "), "a script without a hash");
        // The expected hash: printf a | openssl dgst -sha256 -binary | base64
        let policy = policy("<style>a</style><script></script>");
        for part in [
            "style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='",
            "script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
            "default-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
    }
}
