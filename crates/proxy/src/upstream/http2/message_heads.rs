//! The heads of messages: that of a request as HTTP/2 writes it, and that of a response as it is passed
//! on (RFC 9113 sections 8.2 and 8.3).

use std::str::FromStr;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version};
use http_body::Body;

use crate::body::ForwardBody;
use crate::headers::{AddedFields, remove_hop_by_hop, remove_own_fields};
use crate::limits::UpstreamLimits;

/// The head of a request, with the `added` fields. `host` is that of the upstream, for requests without
/// a host.
pub(super) fn request_head(
    request: &Request<ForwardBody>,
    scheme: Scheme,
    host: &HeaderValue,
    added: &AddedFields,
) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    let mut headers = request.headers().clone();
    added.add_to(&mut headers);
    // An attempt with HTTP/1.1 may have set them.
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    headers.remove(CONTENT_LENGTH);
    match request.body().size_hint().exact() {
        Some(0) if !needs_length(request.method()) => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        None => {}
    }
    let named = headers.remove(HOST);
    match target(request.uri(), scheme, named.as_ref().unwrap_or(host)) {
        Some(target) => {
            *head.uri_mut() = target;
            *head.version_mut() = Version::HTTP_2;
        }
        // A host that a URI cannot have stays in `Host`. The library adds the scheme.
        None => {
            *head.uri_mut() = request.uri().clone();
            headers.extend(named.map(|host| (HOST, host)));
        }
    }
    *head.headers_mut() = headers;
    head
}

/// Whether a method says that there is no body (RFC 9110 section 8.6).
pub(in crate::upstream) fn needs_length(method: &Method) -> bool {
    matches!(
        *method,
        Method::POST | Method::PUT | Method::PATCH | Method::QUERY
    )
}

fn target(uri: &Uri, scheme: Scheme, host: &HeaderValue) -> Option<Uri> {
    let authority = Authority::from_str(host.to_str().ok()?).ok()?;
    let path = uri.path_and_query()?;
    // An absolute target may have a query and no path. Its text gets the path.
    let path = if path.as_str().starts_with('?') {
        PathAndQuery::from_str(&path.to_string()).ok()?
    } else {
        path.clone()
    };
    let target = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(path);
    target.build().ok()
}

/// Whether a response with this status, or to this method, has no body.
pub(super) fn is_bodiless(status: StatusCode, method: &Method) -> bool {
    *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Removes the fields of the hop from the head of a response.
///
/// # Errors
/// The head is malformed or too large.
pub(super) fn accept_response(
    status: StatusCode,
    headers: &mut HeaderMap,
    limits: &UpstreamLimits,
) -> Result<(), String> {
    if status.is_informational() {
        return Err(format!(
            "it ends with the interim status {}",
            status.as_u16()
        ));
    }
    let count_max = limits.header_count_max;
    if headers.len() > count_max {
        return Err(format!(
            "its head has more than {count_max} fields (`limits.response_header_count_max`)"
        ));
    }
    remove_hop_by_hop(headers);
    remove_own_fields(headers);
    headers.remove(TE);
    if status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::BufferedBody;

    #[track_caller]
    fn check(target: &str, fields: &[(&'static str, &str)], body: &'static str, expected: &str) {
        let mut request = Request::post(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let body = BufferedBody {
            bytes: body.into(),
            trailers: None,
        };
        let request = request.body(ForwardBody::whole(body)).unwrap();
        let upstream = HeaderValue::from_static("depot.test:80");
        let head = request_head(&request, Scheme::HTTP, &upstream, &AddedFields::default());
        let mut fields: Vec<String> = head
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        fields.sort();
        assert_eq!(format!("{} {}", head.uri(), fields.join(", ")), expected);
    }

    #[test]
    fn a_request_gets_pseudo_fields_and_no_fields_of_the_hop() {
        let host = ("host", "a.test");
        check(
            "/a?b=%20",
            &[host],
            "",
            "http://a.test/a?b=%20 content-length: 0",
        );
        check("/", &[], "x", "http://depot.test:80/ content-length: 1");
        let hop = ("connection", "te");
        let coding = ("transfer-encoding", "chunked");
        let te = ("te", "trailers");
        let expected = "http://a.test/ content-length: 1, te: trailers";
        check("/", &[host, hop, coding, te], "x", expected);
        check(
            "http://b.test?q",
            &[host],
            "",
            "http://a.test/?q content-length: 0",
        );
        check("*", &[host], "", "http://a.test* content-length: 0");
    }

    #[test]
    fn malformed_heads_of_responses_are_refused() {
        let limits = UpstreamLimits {
            header_count_max: 1,
            ..UpstreamLimits::default()
        };
        let accept = |status: u16, count: usize| {
            let mut headers = HeaderMap::new();
            for _ in 0..count {
                headers.append("x-a", HeaderValue::from_static("b"));
            }
            accept_response(StatusCode::from_u16(status).unwrap(), &mut headers, &limits)
        };
        assert_eq!(accept(200, 1), Ok(()));
        assert!(accept(200, 2).unwrap_err().contains("more than 1 fields"));
        assert!(accept(101, 0).unwrap_err().contains("101"));
    }
}
