//! The words of findings, and edits that are reported although no message changes.

use super::super::super::compare::compare;
use super::super::super::compare_options::CompareOptions;
use super::{check, compared, compared_as, contract, lines};
use portcullis_vocabulary::Date;

fn path(operation: &str) -> String {
    format!("paths: {{/x: {{{operation}}}}}")
}

fn posts(media: &str, schema: &str) -> String {
    path(&format!(
        "post: {{requestBody: {{required: true, content: {{{media}: {{schema: {schema}}}}}}}, responses: {{'204': {{description: d}}}}}}"
    ))
}

fn returns(schema: &str) -> String {
    path(&format!(
        "get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}}}"
    ))
}

fn parameters(list: &str) -> String {
    path(&format!(
        "get: {{parameters: [{list}], responses: {{'204': {{description: d}}}}}}"
    ))
}

fn secured(scheme: &str) -> String {
    let operation = "get: {security: [{k: []}], responses: {'204': {description: d}}}";
    format!(
        "{}\ncomponents: {{securitySchemes: {{k: {scheme}}}}}",
        path(operation)
    )
}

#[test]
fn header_names_are_case_insensitive() {
    let key = |name: &str| secured(&format!("{{type: apiKey, in: header, name: {name}}}"));
    check(&key("X-Station-Key"), &key("x-station-key"), &[]);
    let header = |name: &str| {
        parameters(&format!(
            "{{name: {name}, in: header, schema: {{type: string}}}}"
        ))
    };
    check(&header("X-Trace"), &header("x-trace"), &[]);
    let response = |name: &str| {
        path(&format!(
            "get: {{responses: {{'200': {{description: d, headers: {{{name}: {{schema: {{type: string}}}}}}}}}}}}"
        ))
    };
    check(&response("X-Trace"), &response("x-trace"), &[]);
}

#[test]
fn query_names_are_case_sensitive() {
    let key = |name: &str| secured(&format!("{{type: apiKey, in: query, name: {name}}}"));
    check(
        &key("Key"),
        &key("key"),
        &[
            "breaking security.alternative.removed GET /x | security alternative removed: the query `Key` → the query `key`",
            "info security-scheme.changed the contract | security scheme changed: k: API key `Key` in query → k: API key `key` in query",
            "info security.alternative.added GET /x | security alternative added: the query `key`",
        ],
    );
    let query = |name: &str| {
        parameters(&format!(
            "{{name: {name}, in: query, schema: {{type: string}}}}"
        ))
    };
    check(
        &query("Page"),
        &query("page"),
        &[
            "warning parameter.removed GET /x | query parameter Page | parameter removed",
            "info parameter.added.optional GET /x | query parameter page | optional parameter added",
        ],
    );
}

#[test]
fn security_schemes_are_described_as_a_whole() {
    check(
        &secured("{type: http, scheme: basic}"),
        &secured("{type: apiKey, in: header, name: api_key}"),
        &[
            "breaking security.alternative.removed GET /x | security alternative removed: HTTP basic → the header `api_key`",
            "info security-scheme.changed the contract | security scheme changed: k: HTTP basic → k: API key `api_key` in header",
            "info security.alternative.added GET /x | security alternative added: the header `api_key`",
        ],
    );
    let flow = |name: &str| {
        let flow = "{tokenUrl: 'https://t/1', authorizationUrl: 'https://t/2', scopes: {r: r}}";
        secured(&format!("{{type: oauth2, flows: {{{name}: {flow}}}}}"))
    };
    check(
        &flow("clientCredentials"),
        &flow("authorizationCode"),
        &[
            "info security-scheme.flow.added the contract | OAuth flow added: k: authorizationCode",
            "info security-scheme.flow.removed the contract | OAuth flow removed: k: clientCredentials",
        ],
    );
}

#[test]
fn a_deprecated_parameter_without_an_end_is_removed() {
    let deprecated = |more: &str| {
        parameters(&format!(
            "{{name: old, in: query, schema: {{type: string}}, deprecated: true{more}}}"
        ))
    };
    check(
        &deprecated(""),
        &parameters(""),
        &["warning parameter.removed GET /x | query parameter old | parameter removed"],
    );
    check(
        &deprecated(", x-sunset: 2025-12-31"),
        &parameters(""),
        &[
            "info parameter.retired GET /x | query parameter old | parameter removed after its sunset: 2025-12-31",
        ],
    );
}

#[test]
fn types_are_named_on_both_sides() {
    let of = |schema: &str| returns(&format!("{{type: object, properties: {{a: {schema}}}}}"));
    let check = |old: &str, new: &str, words: &str| {
        let report = compared_as("3.1.0", &of(old), &of(new));
        let expected = format!("GET /x | response 200 application/json /a | {words}");
        let lines = lines(&report);
        assert!(
            lines.iter().any(|line| line.ends_with(&expected)),
            "{lines:#?}"
        );
    };
    check(
        "{type: [object, 'null']}",
        "{}",
        "any type is allowed now, was null or object",
    );
    check(
        "{}",
        "{type: [string, integer, 'null']}",
        "only null, integer or string is allowed now, was any type",
    );
    check(
        "{type: integer}",
        "{type: number}",
        "type widened from integer to number",
    );
    check(
        "{type: string}",
        "{type: integer}",
        "type changed from string to integer",
    );
}

#[test]
fn an_object_that_became_free_form_is_one_change() {
    let of = |schema: &str| {
        returns(&format!(
            "{{type: object, properties: {{detail: {schema}}}}}"
        ))
    };
    let lines_object = "{type: object, properties: {lines: {type: array, items: {type: string}}, sum: {type: integer}}, required: [sum]}";
    let location = "GET /x | response 200 application/json /detail";
    check(
        &of(lines_object),
        &of("{type: object}"),
        &[&format!(
            "breaking schema.properties.removed {location} | its properties are no longer described: lines, sum"
        )],
    );
    check(
        &of(lines_object),
        &of("{}"),
        &[&format!(
            "breaking schema.properties.removed {location} | its properties are no longer described: lines, sum → any value"
        )],
    );
    // Properties of an object that remains described are removed one by one.
    check(
        &of(lines_object),
        &of("{type: object, properties: {sum: {type: integer}}, required: [sum]}"),
        &[&format!(
            "warning schema.property.removed.optional {location}/lines | optional property removed"
        )],
    );
}

#[test]
fn unknown_formats_are_informational() {
    let of = |format: &str| {
        posts(
            "application/json",
            &format!(
                "{{type: object, properties: {{m: {{type: string{format}}}, n: {{type: string}}}}}}"
            ),
        )
    };
    let location = "POST /x | request body application/json /m";
    check(
        &of(""),
        &of(", format: wire-method"),
        &[&format!(
            "info schema.format.unasserted {location} | format changed that only describes values: no format that is asserted: wire-method"
        )],
    );
    // Next to a break, too.
    check(
        &of(""),
        &of(", format: wire-method")
            .replace("n: {type: string}", "n: {type: string, maxLength: 3}"),
        &[
            "breaking schema.max-length.set POST /x | request body application/json /n | maxLength added: 3",
            &format!(
                "info schema.format.unasserted {location} | format changed that only describes values: no format that is asserted: wire-method"
            ),
        ],
    );
}

#[test]
fn the_urls_of_server_variables_are_compared() {
    let servers = |list: &str| format!("servers: [{list}]\n{}", parameters(""));
    let zones = |zones: &str| {
        servers(&format!(
            "{{url: 'https://{{zone}}.example.com/v1', variables: {{zone: {{default: eu{zones}}}}}}}"
        ))
    };
    check(
        &zones(", enum: [eu, us]"),
        &zones(", enum: [eu]"),
        &["warning server.removed the contract | server removed: https://us.example.com/v1"],
    );
    check(
        &zones(", enum: [eu]"),
        &servers("{url: 'https://eu.example.com/v1'}"),
        &[],
    );
    // Any zone was allowed.
    check(
        &zones(""),
        &zones(", enum: [eu]"),
        &["warning server.removed the contract | server removed: https://{zone}.example.com/v1"],
    );
    check(&zones(""), &zones("").replace("zone", "area"), &[]);
}

#[test]
fn links_are_compared() {
    let links = |links: &str| {
        path(&format!(
            "get: {{operationId: x, responses: {{'200': {{description: d, links: {links}}}}}}}"
        ))
    };
    let next = "{next: {operationId: x, parameters: {after: '$response.body#/id'}}}";
    let location = "GET /x | response 200";
    check(
        &links(next),
        &links("{}"),
        &[&format!(
            "info link.removed {location} | response link removed: next"
        )],
    );
    check(
        &links("{}"),
        &links(next),
        &[&format!(
            "info link.added {location} | response link added: next"
        )],
    );
    let report = compared(&links(next), &links(&next.replace("/id", "/key")));
    let found = lines(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("info link.changed GET /x | response 200 | "),
        "{found:?}"
    );
}

#[test]
fn the_xml_form_matters_for_xml() {
    let ticket = "{type: object, properties: {a: {type: string, xml: {attribute: true}}}, xml: {name: Ticket}}";
    let pass = "{type: object, properties: {a: {type: string}}, xml: {name: Pass}}";
    let expected = |level: &str, media: &str| {
        [
            format!(
                "{level} schema.xml.changed POST /x | request body {media} | XML form changed from name Ticket to name Pass"
            ),
            format!(
                "{level} schema.xml.changed POST /x | request body {media} /a | XML form changed from attribute to the default form"
            ),
        ]
    };
    for (media, level) in [
        ("application/xml", "warning"),
        ("application/problem+xml", "warning"),
        ("application/json", "info"),
    ] {
        let lines = lines(&compared(&posts(media, ticket), &posts(media, pass)));
        assert_eq!(lines, expected(level, media), "{media}");
    }
    // The name that an element has by default.
    let named = |xml: &str| {
        format!(
            "{}\ncomponents: {{schemas: {{Ticket: {{type: object{xml}}}}}}}",
            posts("application/xml", "{$ref: '#/components/schemas/Ticket'}")
        )
    };
    check(&named(", xml: {name: Ticket}"), &named(""), &[]);
    check(&named(""), &named(", xml: {name: Ticket}"), &[]);
}

#[test]
fn a_path_parameter_that_is_not_in_the_path_is_named() {
    let id = |schema: &str| {
        parameters(&format!(
            "{{name: id, in: path, required: true, schema: {schema}}}"
        ))
    };
    let line = "info parameter.not-in-path GET /x | path parameter id | path parameter changed that is not in the path: it is not validated";
    check(&id("{type: string}"), &id("{type: integer}"), &[line]);
    check(&id("{type: string}"), &parameters(""), &[line]);
    check(&id("{type: string}"), &id("{type: string}"), &[]);
}

#[test]
fn the_address_of_a_callback_is_compared() {
    let callback = |expression: &str| {
        path(&format!(
            "post: {{callbacks: {{done: {{'{expression}': {{post: {{responses: {{'204': {{description: d}}}}}}}}}}}}, responses: {{'204': {{description: d}}}}}}"
        ))
    };
    for (old, new) in [
        ("{$request.body#/url}", "{$request.body#/callback}"),
        ("{$request.body#/url}", "https://h/{$request.body#/id}"),
    ] {
        check(
            &callback(old),
            &callback(new),
            &[&format!(
                "warning callback.address.changed callback POST /x done {old} POST | callback address changed from {old} to {new}"
            )],
        );
    }
}

#[test]
fn added_success_statuses_are_warnings() {
    let statuses = |keys: &str| {
        let responses: Vec<String> = keys
            .split(' ')
            .map(|key| format!("'{key}': {{description: d}}"))
            .collect();
        path(&format!("get: {{responses: {{{}}}}}", responses.join(", ")))
    };
    check(
        &statuses("200"),
        &statuses("200 202"),
        &["warning status.added.success GET /x | response 202 | success response status added"],
    );
    check(
        &statuses("200"),
        &statuses("2XX"),
        &[
            "warning status.added.success GET /x | response 2XX | success response status added",
            "info status.removed.covered GET /x | response 200 | response status removed that a range still covers",
        ],
    );
}

#[test]
fn a_body_where_none_was_is_a_warning() {
    check(
        &path("get: {responses: {'200': {description: d}}}"),
        &returns("{type: string}"),
        &["warning media-type.added GET /x | response 200 application/json | media type added"],
    );
}

#[test]
fn an_exclusive_bound_of_an_integer_is_an_inclusive_one() {
    let bound =
        |kind: &str, bound: &str| posts("application/json", &format!("{{type: {kind}, {bound}}}"));
    let location = "POST /x | request body application/json";
    check(
        &bound("integer", "minimum: 1, exclusiveMinimum: true"),
        &bound("integer", "minimum: 2"),
        &[],
    );
    check(
        &bound("integer", "maximum: 9, exclusiveMaximum: true"),
        &bound("integer", "maximum: 9"),
        &[&format!(
            "info schema.maximum.increased {location} | maximum raised from 8 to 9"
        )],
    );
    check(
        &bound("number", "maximum: 9, exclusiveMaximum: true"),
        &bound("number", "maximum: 9"),
        &[
            &format!(
                "info schema.exclusive-maximum.unset {location} | exclusiveMaximum removed: 9"
            ),
            &format!("info schema.maximum.set {location} | maximum added: 9"),
        ],
    );
}

#[test]
fn edits_without_effect_are_reported() {
    let limits = |maximum: u32| {
        format!(
            "{}\ncomponents: {{schemas: {{Limits: {{type: object, properties: {{rows: {{type: integer, minimum: 0, maximum: {maximum}}}}}}}}}}}",
            posts(
                "application/json",
                "{type: object, properties: {limits: {anyOf: [{$ref: '#/components/schemas/Limits'}, {nullable: true}]}}}"
            )
        )
    };
    check(
        &limits(100),
        &limits(5),
        &[
            "info schema.maximum.decreased POST /x | request body application/json /limits/rows | maximum lowered from 100 to 5",
        ],
    );
}

#[test]
fn a_sunset_that_is_brought_forward_breaks_a_promise() {
    let with = |sunset: &str| {
        format!(
            "paths: {{/x: {{get: {{deprecated: true, x-sunset: '{sunset}', responses: {{'204': {{description: d}}}}}}}}}}"
        )
    };
    let rules = |old: &str, new: &str, notice_days: i64| -> Vec<String> {
        let mut options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
        options.notice_days = notice_days;
        let (old, new) = (with(old), with(new));
        let report = compare(&contract("3.0.3", &old), &contract("3.0.3", &new), &options);
        let lines = lines(&report).into_iter();
        lines
            .map(|line| line.split(" GET").next().unwrap().to_owned())
            .collect()
    };
    let (earlier, later) = ("2026-06-01", "2027-06-01");
    assert_eq!(
        rules(later, earlier, 0),
        ["breaking operation.sunset.earlier"]
    );
    assert_eq!(
        rules(later, earlier, 365),
        ["breaking operation.sunset.earlier"]
    );
    assert_eq!(
        rules(later, earlier, 30),
        ["info operation.sunset.earlier-with-notice"]
    );
    assert_eq!(rules(earlier, later, 0), ["info operation.sunset.later"]);
    // The end has passed, so the operation may be removed at any time.
    assert_eq!(
        rules("2025-12-31", "2025-06-01", 0),
        ["info operation.sunset.earlier-with-notice"]
    );
}

#[test]
fn a_request_body_without_media_types_allows_all_of_them() {
    let post = |content: &str| {
        path(&format!(
            "post: {{requestBody: {{content: {{{content}}}}}, responses: {{'204': {{description: d}}}}}}"
        ))
    };
    check(
        &post(""),
        &post("application/json: {}, text/plain: {}"),
        &[
            "breaking media-type.specialized POST /x | request body application/json | media type range narrowed: any media type → application/json",
            "info media-type.added POST /x | request body text/plain | media type added",
        ],
    );
}

#[test]
fn a_schema_that_accepts_every_value_may_be_removed() {
    let get = |media: &str| {
        path(&format!(
            "get: {{responses: {{'200': {{description: d, content: {{application/json: {{{media}}}}}}}}}}}"
        ))
    };
    check(
        &get("schema: {description: any value}"),
        &get(""),
        &[
            "info media-type.schema.removed GET /x | response 200 application/json | schema removed from the media type",
        ],
    );
}

#[test]
fn only_removals_that_depend_on_a_sunset_name_it() {
    let with = |lifecycle: &str| {
        format!(
            "paths: {{/x: {{get: {{{lifecycle}responses: {{'204': {{description: d}}}}}}}}, /y: {{put: {{responses: {{'204': {{description: d}}}}}}}}}}"
        )
    };
    let new = "paths: {/y: {put: {responses: {'204': {description: d}}}}}";
    check(
        &with("x-sunset: '2026-06-01', "),
        new,
        &["breaking operation.removed GET /x | operation removed"],
    );
    check(
        &with("deprecated: true, x-sunset: soon, "),
        new,
        &[
            "breaking operation.removed GET /x | operation removed",
            "warning operation.sunset.malformed GET /x | operation sunset is not a date: soon",
        ],
    );
    check(
        &with("deprecated: true, x-sunset: '2026-06-01', "),
        new,
        &[
            "breaking operation.removed-before-sunset GET /x | operation removed before its sunset: 2026-06-01",
        ],
    );
    check(
        &with("deprecated: true, x-sunset: '2025-06-01', "),
        new,
        &["info operation.retired GET /x | expired or unstable operation removed: 2025-06-01"],
    );
    let parameter = |lifecycle: &str| {
        path(&format!(
            "get: {{parameters: [{{name: a, in: query{lifecycle}, schema: {{}}}}], responses: {{'204': {{description: d}}}}}}"
        ))
    };
    check(
        &parameter(", x-sunset: '2026-06-01'"),
        &path("get: {responses: {'204': {description: d}}}"),
        &["warning parameter.removed GET /x | query parameter a | parameter removed"],
    );
}
