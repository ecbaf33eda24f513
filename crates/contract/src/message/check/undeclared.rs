//! Finds query parameters, headers and cookies that the contract does not declare.

use super::head_judge::HeadJudge;
use crate::message::parameter::{decoded_query_name, owns_pair};
use crate::message::violation::{MessagePart, Violation, ViolationClass};

impl HeadJudge<'_, '_> {
    pub(super) fn check_unknown_query(&mut self) {
        if !self.settings.is_on(ViolationClass::UnknownQuery) || self.operation.takes_any_query {
            return;
        }
        for (raw, _) in self.query.iter() {
            let known = decoded_query_name(raw).is_some_and(|name| {
                let parameters = &self.operation.parameters;
                parameters
                    .iter()
                    .any(|parameter| owns_pair(parameter, &name, MessagePart::Query))
                    || parameters.iter().any(|parameter| {
                        parameter.takes_property(&name) || parameter.takes_other(&name)
                    })
                    || self.operation.security.declares(MessagePart::Query, &name)
            });
            if !known {
                self.report_unknown(ViolationClass::UnknownQuery, MessagePart::Query, raw);
            }
        }
    }

    pub(super) fn check_unknown_cookies(&mut self) {
        if !self.settings.is_on(ViolationClass::UnknownCookie) {
            return;
        }
        for (name, _) in self.cookies.iter() {
            let parameters = &self.operation.parameters;
            let known = parameters.iter().any(|parameter| {
                owns_pair(parameter, name, MessagePart::Cookie) || parameter.takes_cookie(name)
            }) || self.operation.security.declares(MessagePart::Cookie, name);
            if !known {
                self.report_unknown(ViolationClass::UnknownCookie, MessagePart::Cookie, name);
            }
        }
    }

    pub(super) fn check_unknown_headers(&mut self) {
        if !self.settings.is_on(ViolationClass::UnknownHeader) {
            return;
        }
        for name in self.head.headers.keys() {
            let is_declared = self.operation.parameters.iter().any(|parameter| {
                parameter.part == MessagePart::Header
                    && parameter.name.eq_ignore_ascii_case(name.as_str())
            }) || self
                .operation
                .security
                .declares(MessagePart::Header, name.as_str());
            if !is_declared && !is_common_header(name.as_str()) {
                self.report_unknown(
                    ViolationClass::UnknownHeader,
                    MessagePart::Header,
                    name.as_str(),
                );
            }
        }
    }

    fn report_unknown(&mut self, class: ViolationClass, part: MessagePart, name: &str) {
        // A violation beyond the maximum is not reported, so it is not built.
        if self.settings.room(class, self.violations) == 0 {
            return;
        }
        let declared: Vec<&str> = self
            .operation
            .parameters
            .iter()
            .filter(|parameter| parameter.part == part)
            .map(|parameter| parameter.name.as_str())
            .collect();
        let shown: String = name.chars().take(100).collect();
        let expected = match declared[..] {
            [] => format!("no {part} parameter"),
            _ => format!("only {}", declared.join(", ")),
        };
        let message = format!("the {part} parameter `{shown}` is not declared");
        let violation = Violation::new(class, part, message)
            .with_name(&shown)
            .with_expected(expected)
            .with_location(self.contract.location(self.operation.node_ref));
        self.push(violation);
    }
}

/// Whether a header field is allowed in every request without a declaration: the fields of HTTP
/// itself (RFC 9110, 9111, 9112), of browsers and of intermediaries.
fn is_common_header(name: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "accept",
        "content-",
        "if-",
        "sec-",
        "x-forwarded-",
        "x-squad-",
        "x-sla-",
        "proxy-",
    ];
    const NAMES: [&str; 29] = [
        "authorization",
        "baggage",
        "cache-control",
        "connection",
        "cookie",
        "date",
        "dnt",
        "expect",
        "forwarded",
        "from",
        "host",
        "keep-alive",
        "max-forwards",
        "origin",
        "pragma",
        "priority",
        "range",
        "referer",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "upgrade-insecure-requests",
        "user-agent",
        "via",
        "x-real-ip",
        "x-request-id",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
