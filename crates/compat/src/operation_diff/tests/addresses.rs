//! Paths that take addresses over from other paths, or leave them to them.

use super::{check, compared};

/// A `get` operation with a path parameter of a type, and other parameters.
fn get(name: &str, schema: &str, more: &str) -> String {
    format!(
        "get: {{parameters: [{{name: {name}, in: path, required: true, schema: {schema}}}{more}], responses: {{'204': {{description: d}}}}}}"
    )
}

const PLAIN: &str = "get: {responses: {'204': {description: d}}}";
const NEEDS_DAY: &str = "get: {parameters: [{name: day, in: query, required: true, schema: {type: string}}], responses: {'204': {description: d}}}";

fn rooms(more: &str) -> String {
    let room = get("room", "{type: string}", "");
    format!("paths: {{'/rooms/{{room}}': {{{room}}}{more}}}")
}

#[test]
fn a_new_literal_path_takes_requests_over() {
    check(
        &rooms(""),
        &rooms(&format!(", /rooms/free: {{{NEEDS_DAY}}}")),
        &[
            "breaking parameter.added.required GET /rooms/free | query parameter day | required parameter added",
            "info operation.added GET /rooms/free | operation added",
            "info operation.address.taken-over GET /rooms/free | another operation serves this address now: GET /rooms/{room} → GET /rooms/free",
        ],
    );
}

#[test]
fn a_new_literal_path_without_the_method_refuses_requests() {
    check(
        &rooms(""),
        &rooms(", /rooms/free: {post: {responses: {'204': {description: d}}}}"),
        &[
            "breaking operation.address.refused GET /rooms/free | requests to this address are refused now: GET /rooms/{room} → /rooms/free has no GET",
            "info operation.added POST /rooms/free | operation added",
        ],
    );
}

#[test]
fn a_text_that_the_template_refused_is_not_taken_over() {
    let old = format!(
        "paths: {{'/rooms/{{n}}': {{{}}}}}",
        get("n", "{type: integer}", "")
    );
    let new = format!("{}, /rooms/free: {{{NEEDS_DAY}}}}}", &old[..old.len() - 1]);
    check(
        &old,
        &new,
        &["info operation.added GET /rooms/free | operation added"],
    );
    check(
        &new,
        &old,
        &["breaking operation.removed GET /rooms/free | operation removed"],
    );
}

#[test]
fn a_removed_literal_path_is_served_by_the_template() {
    check(
        &rooms(&format!(", /rooms/free: {{{PLAIN}}}")),
        &rooms(""),
        &[
            "warning operation.served-by-another GET /rooms/free | operation removed, but another one serves its requests: GET /rooms/free → GET /rooms/{room}",
        ],
    );
    // The template judges the requests differently.
    let strict = get(
        "room",
        "{type: string}",
        ", {name: day, in: query, required: true, schema: {type: string}}",
    );
    check(
        &format!("paths: {{'/rooms/{{room}}': {{{strict}}}, /rooms/free: {{{PLAIN}}}}}"),
        &format!("paths: {{'/rooms/{{room}}': {{{strict}}}}}"),
        &[
            "breaking parameter.added.required GET /rooms/free | query parameter day | required parameter added",
            "warning operation.served-by-another GET /rooms/free | operation removed, but another one serves its requests: GET /rooms/free → GET /rooms/{room}",
        ],
    );
}

#[test]
fn a_removed_method_of_a_path_that_remains_is_removed() {
    let post = "post: {responses: {'204': {description: d}}}";
    check(
        &rooms(&format!(", /rooms/free: {{{PLAIN}, {post}}}")),
        &rooms(&format!(", /rooms/free: {{{post}}}")),
        &["breaking operation.removed GET /rooms/free | operation removed"],
    );
}

#[test]
fn a_template_that_became_a_literal_is_removed() {
    check(
        &rooms(""),
        &format!("paths: {{/rooms/free: {{{PLAIN}}}}}"),
        &[
            "breaking operation.removed GET /rooms/{room} | operation removed",
            "info operation.added GET /rooms/free | operation added",
            "info operation.address.taken-over GET /rooms/free | another operation serves this address now: GET /rooms/{room} → GET /rooms/free",
        ],
    );
}

#[test]
fn a_literal_that_became_a_template_is_served() {
    check(
        &format!("paths: {{/rooms/free: {{{PLAIN}}}}}"),
        &rooms(""),
        &[
            "warning operation.served-by-another GET /rooms/free | operation removed, but another one serves its requests: GET /rooms/free → GET /rooms/{room}",
            "info operation.added GET /rooms/{room} | operation added",
        ],
    );
}

#[test]
fn paths_that_overlap_in_part_are_compared_where_they_overlap() {
    let old = format!(
        "paths: {{'/a/{{x}}/c': {{{}}}}}",
        get("x", "{type: string}", "")
    );
    let new = format!(
        "{}, '/a/b/{{y}}': {{{}}}}}",
        &old[..old.len() - 1],
        get(
            "y",
            "{type: string, maxLength: 3}",
            ", {name: q, in: query, required: true, schema: {type: string}}"
        )
    );
    check(
        &old,
        &new,
        &[
            "breaking parameter.added.required GET /a/b/c | query parameter q | required parameter added",
            "info operation.address.taken-over GET /a/b/c | another operation serves this address now: GET /a/{x}/c → GET /a/b/{y}",
            "info operation.added GET /a/b/{y} | operation added",
        ],
    );
    // The other path refuses the text of the first.
    check(
        &old,
        &new.replace("maxLength: 3", "minLength: 3"),
        &[
            "breaking operation.address.refused GET /a/b/c | requests to this address are refused now: GET /a/{x}/c → path parameter `y`: \"c\" is shorter than 3 characters",
            "info operation.added GET /a/b/{y} | operation added",
        ],
    );
}

#[test]
fn segments_with_text_and_expressions_take_precedence() {
    let old = format!(
        "paths: {{'/a/{{x}}': {{{}}}}}",
        get("x", "{type: string}", "")
    );
    let new = format!(
        "{}, '/a/{{y}}.json': {{{}}}}}",
        &old[..old.len() - 1],
        get("y", "{type: string}", "").replace("'204'", "'200'")
    );
    check(
        &old,
        &new,
        &[
            "breaking status.removed.success GET /a/{y}.json | response 204 | success response status removed",
            "warning status.added.success GET /a/{y}.json | response 200 | success response status added",
            "info operation.added GET /a/{y}.json | operation added",
            "info operation.address.taken-over GET /a/{y}.json | another operation serves this address now: GET /a/{x} → GET /a/{y}.json",
        ],
    );
}

#[test]
fn schemas_of_both_operations_are_compared_at_the_address() {
    let body = |schema: &str| {
        format!(
            "requestBody: {{required: true, content: {{application/json: {{schema: {schema}}}}}}}, responses: {{'204': {{description: d}}}}"
        )
    };
    let path = "parameters: [{name: id, in: path, required: true, schema: {type: string}}], ";
    let old = format!(
        "servers: [{{url: 'https://h/v1'}}]\npaths: {{'/a/{{id}}': {{put: {{{path}{}}}}}}}",
        body("{type: string}")
    );
    let new = format!(
        "{}, /a/me: {{put: {{{}}}}}}}",
        &old[..old.len() - 1],
        body("{type: string, maxLength: 1}")
    );
    let report = compared(&old, &new);
    let breaks: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.rule.id == "schema.max-length.set")
        .collect();
    let [found] = breaks[..] else {
        panic!("{:?}", report.findings);
    };
    assert_eq!(found.level.as_str(), "breaking");
    assert_eq!(found.places[0].subject.to_string(), "PUT /a/me");
    let request = found
        .witness
        .as_ref()
        .and_then(|witness| witness.request.clone());
    assert_eq!(request.unwrap().target, "/v1/a/me");
}

#[test]
fn query_parameters_have_a_request_to_the_address() {
    let limit = |schema: &str| format!("{{name: limit, in: query, schema: {schema}}}");
    let old = format!(
        "paths: {{'/a/{{id}}': {{{}}}}}",
        get(
            "id",
            "{type: string}",
            &format!(", {}", limit("{type: integer}"))
        )
    );
    let new = format!(
        "{}, /a/me: {{get: {{parameters: [{}], responses: {{'204': {{description: d}}}}}}}}}}",
        &old[..old.len() - 1],
        limit("{type: integer, maximum: 9}")
    );
    let report = compared(&old, &new);
    let found = report
        .findings
        .iter()
        .find(|finding| finding.rule.id == "schema.maximum.set")
        .unwrap();
    let request = found
        .witness
        .as_ref()
        .and_then(|witness| witness.request.clone());
    assert_eq!(request.unwrap().target, "/a/me?limit=10");
}

#[test]
fn head_requests_move_between_get_and_head() {
    let head = |required: bool| {
        format!(
            "head: {{parameters: [{{name: q, in: query, required: {required}, schema: {{type: string}}}}], responses: {{'204': {{description: d}}}}}}"
        )
    };
    let path = |more: &str| format!("paths: {{/a: {{{PLAIN}{more}}}}}");
    check(
        &path(""),
        &path(&format!(", {}", head(true))),
        &[
            "breaking parameter.added.required HEAD /a | query parameter q | required parameter added",
            "info operation.added HEAD /a | operation added",
            "info operation.address.taken-over HEAD /a | another operation serves this address now: GET /a → HEAD /a",
        ],
    );
    check(
        &path(&format!(", {}", head(false))),
        &path(""),
        &[
            "warning operation.served-by-another HEAD /a | operation removed, but another one serves its requests: HEAD /a → GET /a",
            "warning parameter.removed HEAD /a | query parameter q | parameter removed",
        ],
    );
}

#[test]
fn renamed_parameters_take_nothing_over() {
    let path = |name: &str| {
        format!(
            "paths: {{'/a/{{{name}}}': {{{}}}}}",
            get(name, "{type: string}", "")
        )
    };
    check(&path("a"), &path("b"), &[]);
}

#[test]
fn base_paths_belong_to_the_address() {
    // `/v1/{id}` and `/{id}` below `/v1` are the same addresses.
    let old = format!(
        "paths: {{'/v1/{{id}}': {{{}}}}}",
        get("id", "{type: string}", "")
    );
    let new = format!(
        "servers: [{{url: 'https://h/v1'}}]\npaths: {{'/{{id}}': {{{}}}, /me: {{{NEEDS_DAY}}}}}",
        get("id", "{type: string}", "")
    );
    check(
        &old,
        &new,
        &[
            "breaking parameter.added.required GET /me | query parameter day | required parameter added",
            "info server.added the contract | server added: https://h/v1",
            "info operation.added GET /me | operation added",
            "info operation.address.taken-over GET /me | another operation serves this address now: GET /v1/{id} → GET /me",
        ],
    );
}

#[test]
fn addresses_of_unstable_operations_may_change() {
    let old = rooms("").replace("get: {", "get: {x-stability-level: alpha, ");
    let new = format!("{}, /rooms/free: {{{NEEDS_DAY}}}}}", &old[..old.len() - 1]);
    check(
        &old,
        &new,
        &[
            "info operation.added GET /rooms/free | operation added",
            "info operation.address.taken-over GET /rooms/free | another operation serves this address now: GET /rooms/{room} → GET /rooms/free",
        ],
    );
}

#[test]
fn a_segment_with_text_that_refuses_some_texts_is_compared_at_the_others() {
    let old = format!(
        "paths: {{'/f/{{n}}': {{{}}}}}",
        get("n", "{type: string}", "")
    );
    let with = |schema: &str| {
        let day = ", {name: e, in: path, required: true, schema: {type: string}}, {name: day, in: query, required: true, schema: {type: string}}";
        let more = get("n", schema, day);
        format!("{}, '/f/{{n}}.{{e}}': {{{more}}}}}", &old[..old.len() - 1])
    };
    let needed = "breaking parameter.added.required GET /f/{n}.{e} | query parameter day | required parameter added";
    let added = "info operation.added GET /f/{n}.{e} | operation added";
    let taken = "info operation.address.taken-over GET /f/{n}.{e} | another operation serves this address now: GET /f/{n} → GET /f/{n}.{e}";
    check(&old, &with("{type: string}"), &[needed, added, taken]);
    let refused = "breaking operation.address.refused GET /f/{n}.{e} | requests to this address are refused now: GET /f/{n} → path parameter `n`: \"a\" is not of type \"integer\"";
    check(
        &old,
        &with("{type: integer}"),
        &[refused, needed, added, taken],
    );
    // No text of the old parameter has a dot.
    check(
        &old.replace("type: string", "type: string, pattern: '^[a-z]+$'"),
        &with("{type: integer}").replacen("type: string", "type: string, pattern: '^[a-z]+$'", 1),
        &[added],
    );
}

#[test]
fn a_path_parameter_that_may_refuse_some_texts_is_unknown() {
    let narrow = "{type: string, pattern: '^b[0-9]{4,9}$'}";
    let old = format!("paths: {{'/a/{{x}}': {{{}}}}}", get("x", narrow, ""));
    let new = format!(
        "{}, '/a/b{{k}}': {{{}}}}}",
        &old[..old.len() - 1],
        get("k", "{type: string, pattern: '^[0-9]{3,9}$'}", "")
    );
    check(
        &old,
        &new,
        &[
            "unknown operation.address.refused GET /a/b{k} | requests to this address are refused now: GET /a/{x} → path parameter `k` may refuse some of its texts",
            "info operation.added GET /a/b{k} | operation added",
            "info operation.address.taken-over GET /a/b{k} | another operation serves this address now: GET /a/{x} → GET /a/b{k}",
        ],
    );
}

#[test]
fn a_path_without_operations_takes_nothing_over() {
    let old = rooms("");
    let new = rooms(", /rooms/free: {}");
    let added = "info path.added.empty the contract | path without operations added: /rooms/free";
    check(&old, &new, &[added]);
    let new = super::contract("3.1.0", &new);
    let route = super::super::served_paths::serving(&new, &http::Method::GET, "/rooms/free");
    assert!(route.is_some());
}
