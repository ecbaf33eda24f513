//! Operations that only OpenAPI 3.2 can declare are compared like others.

use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::Limits;

use crate::change_level::ChangeLevel;
use crate::compare::compare;
use crate::compare_options::CompareOptions;
use portcullis_vocabulary::Date;

fn contract(version: &str, item: &str) -> CompiledContract {
    let text =
        format!("openapi: {version}\ninfo: {{title: t, version: 1.0.0}}\npaths:\n  /a: {item}\n");
    let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

/// The rules of the findings about operations and paths between two path items, with the method.
fn rules(old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    let report = compare(old, new, &options);
    let findings = report.findings.iter();
    let mut found: Vec<String> = findings
        .filter(|finding| !finding.rule.id.starts_with("version."))
        .flat_map(|finding| {
            let places = finding.places.iter();
            places.map(|place| format!("{} {place}", finding.rule.id))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn methods_of_3_2_are_operations() {
    let before = contract("3.1.1", "{post: {responses: {}}}");
    let after = contract(
        "3.2.0",
        "{post: {responses: {}}, query: {responses: {}}, additionalOperations: {COPY: {responses: {}}}}",
    );
    let added = ["operation.added COPY /a", "operation.added QUERY /a"];
    assert_eq!(rules(&before, &after), added);
    let removed = ["operation.removed COPY /a", "operation.removed QUERY /a"];
    assert_eq!(rules(&after, &before), removed);
}

#[test]
fn a_parameter_of_an_additional_operation_is_compared() {
    let copy = |schema: &str| {
        let parameter = format!("{{name: q, in: query, schema: {schema}}}");
        let item = format!(
            "{{additionalOperations: {{COPY: {{parameters: [{parameter}], responses: {{}}}}}}}}"
        );
        contract("3.2.0", &item)
    };
    let found = rules(
        &copy("{type: integer, maximum: 5}"),
        &copy("{type: integer, maximum: 4}"),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("schema.maximum.decreased COPY /a"),
        "{found:?}"
    );
}

/// A schema of OpenAPI 3.1 describes one record, unless it allows only arrays; in OpenAPI 3.2 it always
/// describes all of them.
#[test]
fn sequences_are_compared_record_by_record() {
    let lines = |version: &str, media: &str| {
        let item = format!(
            "{{post: {{requestBody: {{content: {{application/jsonl: {media}}}}}, responses: {{}}}}}}"
        );
        contract(version, &item)
    };
    let both = |old: (&str, &str), new: (&str, &str)| {
        let found = rules(&lines(old.0, old.1), &lines(new.0, new.1));
        let ids = found.iter().filter_map(|one| one.split(' ').next());
        ids.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let (of_31, of_32) = ("3.1.1", "3.2.0");
    let record = "{itemSchema: {type: integer}}";
    let all = "{schema: {type: array, items: {type: integer}}}";
    for (old, new) in [
        ((of_31, all), (of_32, record)),
        ((of_32, record), (of_31, all)),
        ((of_32, record), (of_32, all)),
        ((of_31, "{schema: {type: integer}}"), (of_32, all)),
        ((of_31, all), (of_32, all)),
    ] {
        assert_eq!(both(old, new), "", "{old:?} {new:?}");
    }
    let text = (of_32, "{itemSchema: {type: string}}");
    assert_eq!(both((of_31, all), text), "schema.type.changed");
    let bounded = "{schema: {type: array, items: {type: integer}, minItems: 2}}";
    let removed = "media-type.schema.removed";
    assert_eq!(both((of_31, bounded), (of_32, record)), removed);
    let added = "media-type.schema.added";
    assert_eq!(both((of_32, record), (of_31, bounded)), added);
    // The same text means something else.
    let untyped = "{schema: {items: {type: integer}}}";
    let found = both((of_31, untyped), (of_32, untyped));
    assert!(found.contains("schema.type"), "{found}");
    let found = both((of_32, untyped), (of_31, untyped));
    assert!(found.contains("schema.type"), "{found}");
}

/// The division of lists inside a list shows on the wire (Swagger 2.0, Items Object).
#[test]
fn nested_collection_formats_are_compared() {
    let swagger = |inner: &str| {
        let list = |format: &str| {
            format!(
                "type: array, collectionFormat: ssv, items: {{type: array, {format}items: {{type: integer}}}}"
            )
        };
        let list = list(inner);
        let text = format!(
            "swagger: '2.0'\ninfo: {{title: t, version: 1.0.0}}\npaths:\n  /a:\n    post:\n      consumes: [application/x-www-form-urlencoded]\n      parameters:\n      - {{name: q, in: query, {list}}}\n      - {{name: f, in: formData, {list}}}\n      responses: {{'200': {{description: ok, headers: {{x-l: {{{list}}}}}}}}}\n"
        );
        let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
        compile(documents, &CompileOptions::default()).unwrap()
    };
    let (commas, pipes) = (swagger(""), swagger("collectionFormat: pipes, "));
    assert_eq!(rules(&commas, &swagger("collectionFormat: csv, ")), [""; 0]);
    let found = rules(&commas, &pipes);
    let ids: Vec<&str> = found
        .iter()
        .filter_map(|one| one.split(' ').next())
        .collect();
    let style = "parameter.style.changed";
    assert_eq!(
        ids,
        ["media-type.encoding.changed", style, style],
        "{found:?}"
    );
}

#[test]
fn schemas_of_records_are_compared() {
    let lines = |version: &str, media: &str| {
        let item = format!(
            "{{post: {{requestBody: {{content: {{application/jsonl: {media}}}}}, responses: {{}}}}}}"
        );
        contract(version, &item)
    };
    let record = "{type: integer, maximum: 5}";
    let of_31 = lines("3.1.1", &format!("{{schema: {record}}}"));
    let same = lines("3.2.0", &format!("{{itemSchema: {record}}}"));
    assert_eq!(rules(&of_31, &same), Vec::<String>::new());
    let lower = lines("3.2.0", "{itemSchema: {type: integer, maximum: 4}}");
    let found = rules(&same, &lower);
    assert!(
        found[0].starts_with("schema.maximum.decreased"),
        "{found:?}"
    );
    let both = |maximum: u8| {
        let item = format!(
            "{{schema: {{type: array}}, itemSchema: {{type: integer, maximum: {maximum}}}}}"
        );
        lines("3.2.0", &item)
    };
    let found = rules(&both(5), &both(4));
    assert!(
        found[0].starts_with("schema.maximum.decreased"),
        "{found:?}"
    );
}

/// A contract whose whole query has this media type, by this parameter.
fn query(parameter: &str) -> CompiledContract {
    contract(
        "3.2.0",
        &format!("{{get: {{parameters: [{parameter}], responses: {{}}}}}}"),
    )
}

fn form(name: &str, schema: &str, more: &str) -> String {
    let content = format!("{{application/x-www-form-urlencoded: {{schema: {schema}{more}}}}}");
    format!("{{name: {name}, in: querystring, content: {content}}}")
}

#[track_caller]
fn check_rules(old: &CompiledContract, new: &CompiledContract, expected: &[&str]) {
    let found = rules(old, new);
    let matches = found
        .iter()
        .zip(expected)
        .all(|(found, expected)| found.starts_with(expected));
    assert!(
        matches && found.len() == expected.len(),
        "{found:?}, expected {expected:?}"
    );
}

#[test]
fn a_query_of_one_media_type_is_compared() {
    let schema = "{type: object, properties: {a: {type: integer, maximum: 5}}}";
    let lower = "{type: object, properties: {a: {type: integer, maximum: 4}}}";
    let whole = query(&form("q", schema, ""));
    // The name is not sent.
    check_rules(&whole, &query(&form("other", schema, "")), &[]);
    check_rules(
        &whole,
        &query(&form("q", lower, "")),
        &["schema.maximum.decreased GET /a"],
    );
    let json = format!(
        "{{name: q, in: querystring, content: {{application/json: {{schema: {schema}}}}}}}"
    );
    let changed = ["parameter.content.changed GET /a"];
    check_rules(&whole, &query(&json), &changed);
    check_rules(&query(&json), &whole, &changed);
    let styled = form("q", schema, ", encoding: {a: {style: pipeDelimited}}");
    check_rules(
        &whole,
        &query(&styled),
        &["media-type.encoding.changed GET /a"],
    );
    let plain = "{name: q, in: query, schema: {type: string}}";
    let moved = ["parameter.moved GET /a"];
    check_rules(&whole, &query(plain), &moved);
    let taken = ["parameter.moved GET /a", "parameter.name-taken GET /a"];
    check_rules(&query(plain), &whole, &taken);
    let none = contract("3.2.0", "{get: {responses: {}}}");
    check_rules(&none, &whole, &["parameter.added.optional GET /a"]);
    check_rules(&whole, &none, &["parameter.removed GET /a"]);
    let required = form("q", schema, "").replace("in:", "required: true, in:");
    check_rules(&whole, &query(&required), &["parameter.required GET /a"]);
    check_rules(&query(&required), &whole, &["parameter.optional GET /a"]);
}

/// A lowered bound is shown by a request, in a form and in JSON.
#[test]
fn a_break_of_a_query_has_an_example() {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    let schema = |maximum: u8| {
        format!("{{type: object, properties: {{a: {{type: integer, maximum: {maximum}}}}}}}")
    };
    for (media, expected) in [
        ("application/x-www-form-urlencoded", "/a?a=5"),
        ("application/json", "/a?%7B%22a%22%3A5%7D"),
    ] {
        let of = |maximum| {
            let schema = schema(maximum);
            query(&format!(
                "{{name: q, in: querystring, content: {{{media}: {{schema: {schema}}}}}}}"
            ))
        };
        let report = compare(&of(5), &of(4), &options);
        let text = format!("{:?}", report.findings);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn encodings_by_position_are_compared() {
    let parts = |encodings: &str| {
        let media = format!("{{itemSchema: {{type: string}}, {encodings}}}");
        contract(
            "3.2.0",
            &format!(
                "{{post: {{requestBody: {{content: {{multipart/mixed: {media}}}}}, responses: {{}}}}}}"
            ),
        )
    };
    let css = parts("prefixEncoding: [{}], itemEncoding: {contentType: text/css}");
    check_rules(&css, &css, &[]);
    let changed = "media-type.encoding.changed POST /a";
    check_rules(
        &css,
        &parts("prefixEncoding: [{}], itemEncoding: {contentType: text/html}"),
        &[changed],
    );
    check_rules(
        &css,
        &parts("itemEncoding: {contentType: text/css}"),
        &[changed],
    );
    check_rules(&css, &parts("prefixEncoding: [{}]"), &[changed]);
}

/// The levels of the findings between two path items, with their messages.
fn levels(old: &CompiledContract, new: &CompiledContract) -> Vec<(ChangeLevel, String)> {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    let report = compare(old, new, &options);
    let findings = report.findings.iter();
    findings
        .filter(|finding| !finding.rule.id.starts_with("version."))
        .map(|finding| (finding.level, format!("{:?}", finding.witness)))
        .collect()
}

/// Parameters of their own and one value for the whole query read the same names.
#[test]
fn a_query_and_its_parameters_read_the_same_names() {
    let whole = |schema: &str| {
        query(&format!(
            "{{name: q, in: querystring, content: {{application/x-www-form-urlencoded: {{schema: {schema}}}}}}}"
        ))
    };
    let object = |properties: &str| format!("{{type: object, {properties}}}");
    let integer = whole(&object("properties: {a: {type: integer}}"));
    let narrow = whole(&object("properties: {a: {type: integer, maximum: 2}}"));
    let closed = whole(&object(
        "properties: {a: {type: integer}}, additionalProperties: false",
    ));
    let two = whole(&object(
        "properties: {a: {type: integer}, b: {type: integer}}, required: [b]",
    ));
    let own = query("{name: a, in: query, schema: {type: integer}}");
    let own_narrow = query("{name: a, in: query, schema: {type: integer, maximum: 2}}");
    let other = query("{name: c, in: query, schema: {type: integer}}");
    let json =
        query("{name: q, in: querystring, content: {application/json: {schema: {type: object}}}}");
    for (old, new, target) in [
        (&integer, &own_narrow, "/a?a=3"),
        (&own, &narrow, "/a?a=3"),
        (&other, &closed, "/a?c="),
        (&own, &two, "/a?a="),
        (&own, &json, "/a?a="),
    ] {
        let found = levels(old, new);
        let is_shown = |(level, text): &(ChangeLevel, String)| {
            *level == ChangeLevel::Breaking && text.contains(target)
        };
        assert!(found.iter().any(is_shown), "{target}: {found:#?}");
    }
    for (old, new) in [(&integer, &own), (&own, &integer)] {
        let found = levels(old, new);
        let is_break = |(level, _): &(ChangeLevel, String)| *level > ChangeLevel::Warning;
        assert!(!found.iter().any(is_break), "{found:#?}");
    }
}

/// Parts by their position are written and read.
#[test]
fn breaks_of_parts_by_position_have_examples() {
    let parts = |fields: &str| {
        contract(
            "3.2.0",
            &format!(
                "{{post: {{requestBody: {{content: {{multipart/mixed: {{{fields}}}}}}}, responses: {{}}}}}}"
            ),
        )
    };
    let items = |maximum: &str| {
        format!(
            "schema: {{type: array, items: {{type: integer{maximum}}}}}, itemEncoding: {{contentType: application/json}}"
        )
    };
    let headers = |required: &str| {
        format!(
            "schema: {{type: array, items: {{type: integer}}}}, itemEncoding: {{contentType: application/json, headers: {{X-A: {{{required}schema: {{type: integer}}}}}}}}"
        )
    };
    let prefix = |media: &str| {
        format!("schema: {{type: array, items: {{}}}}, prefixEncoding: [{{contentType: {media}}}]")
    };
    for (old, new, expected) in [
        (
            items(""),
            items(", maximum: 3"),
            "4 is greater than the maximum of 3",
        ),
        (
            headers(""),
            headers("required: true, "),
            "header `X-A` is required but missing",
        ),
        (
            prefix("application/json"),
            prefix("application/xml"),
            "media type `application/json` is not declared",
        ),
    ] {
        let found = levels(&parts(&old), &parts(&new));
        let is_shown = |(level, text): &(ChangeLevel, String)| {
            *level == ChangeLevel::Breaking && text.contains(expected) && text.contains("--witness")
        };
        assert!(found.iter().any(is_shown), "{expected}: {found:#?}");
    }
}
