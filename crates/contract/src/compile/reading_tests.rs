//! The tolerant reading: each flaw, its repair, and what the repaired contract means.

use http::Method;

use portcullis_vocabulary::ContractReading::{self, Strict, Tolerant};
use portcullis_vocabulary::limits::Limits;

use crate::message::operation::BodyDeclaration;
use crate::route::PathCaptures;
use crate::schema_tests::violations;
use crate::{
    CompileOptions, CompiledContract, ContractProblem, ContractRepair, MessageDirection, Severity,
    compile, find_operation, parse_single_file_as, tolerant_reading_advice,
};

fn read(text: &str, reading: ContractReading) -> Result<CompiledContract, Vec<ContractProblem>> {
    let documents =
        parse_single_file_as("t.yaml", text.into(), &Limits::default(), reading).expect(text);
    let options = CompileOptions {
        reading,
        ..CompileOptions::default()
    };
    compile(documents, &options)
}

fn document(version: &str, rest: &str) -> String {
    format!("openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths:\n{rest}")
}

/// A contract whose only flaw is refused strictly with the repair, and repaired tolerantly with one
/// warning that names line and meaning.
#[track_caller]
fn check_flaw(text: &str, repair: ContractRepair, line: u32) -> CompiledContract {
    let problems = read(text, Strict).expect_err(text);
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    for error in errors {
        assert_eq!(error.repair, Some(repair), "{error}");
    }
    let advice = tolerant_reading_advice(&problems, "S").expect("advice");
    assert!(advice.starts_with("S repairs every error"), "{advice}");
    assert!(advice.contains(repair.as_str()), "{advice}");
    repaired(text, repair, line)
}

#[track_caller]
fn repaired(text: &str, repair: ContractRepair, line: u32) -> CompiledContract {
    let contract = read(text, Tolerant).expect(text);
    let warnings: Vec<_> = contract
        .warnings
        .iter()
        .filter(|found| found.repair.is_some())
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].repair, Some(repair));
    assert_eq!(
        (&*warnings[0].at.file, warnings[0].at.line),
        ("t.yaml", line)
    );
    assert!(
        warnings[0].message.ends_with(repair.meaning()),
        "{}",
        warnings[0]
    );
    assert_eq!(warnings[0].severity, Severity::Warning);
    assert!(contract.broken_parts.is_empty());
    contract
}

fn names(contract: &CompiledContract) -> Vec<&str> {
    contract
        .operations
        .iter()
        .map(|operation| &*operation.name)
        .collect()
}

/// The names of the operations that get these requests.
fn routed(contract: &CompiledContract, requests: &[(Method, &str)]) -> Vec<Option<String>> {
    let find = |(method, path): &(Method, &str)| {
        let mut captures = PathCaptures::default();
        let id = find_operation(contract, method, path, &mut captures).ok()?;
        Some(contract.operation(id).name.to_string())
    };
    requests.iter().map(find).collect()
}

/// The flaw is on line 5, in a schema of the body of `POST /a`; the repaired schema accepts `yes`
/// and refuses `no`.
#[track_caller]
fn check_schema(schema: &str, repair: ContractRepair, yes: &[&str], no: &[&str]) {
    let body = format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}");
    let text = document("3.1.0", &format!("  /a:\n    post: {{{body}}}\n"));
    let contract = check_flaw(&text, repair, 5);
    for (values, is_valid) in [(yes, true), (no, false)] {
        for value in values {
            let found = violations(&contract, MessageDirection::Request, value);
            assert_eq!(found.is_empty(), is_valid, "{schema} {value}: {found:?}");
        }
    }
}

#[test]
fn leaves_out_the_operations_of_a_path_that_cannot_be_matched() {
    let text = document(
        "3.0.3",
        "  /a: {get: {operationId: a, responses: {}}}\n  /a#b: {get: {operationId: b, responses: {}}, put: {responses: {}}}\n",
    );
    let contract = check_flaw(&text, ContractRepair::UnmatchablePath, 5);
    assert_eq!(names(&contract), ["a"]);
    let requests = [
        (Method::GET, "/a"),
        (Method::PUT, "/a"),
        (Method::GET, "/b"),
    ];
    assert_eq!(
        routed(&contract, &requests),
        [Some("a".to_owned()), None, None]
    );
    let query = document("3.0.3", "  /a?b=1: {get: {responses: {}}}\n");
    check_flaw(&query, ContractRepair::UnmatchablePath, 4);
}

#[test]
fn sends_requests_for_equal_templates_to_the_first() {
    let operation = |name: &str, parameter: &str| {
        format!(
            "{{operationId: {name}, responses: {{}}, parameters: [{{name: {parameter}, in: path, required: true, schema: {{type: string}}}}]}}"
        )
    };
    let text = document(
        "3.0.3",
        &format!(
            "  /i/{{x}}:\n    get: {}\n    put: {}\n  /i/{{y}}:\n    get: {}\n    put: {}\n    post: {}\n",
            operation("a", "x"),
            operation("b", "x"),
            operation("c", "y"),
            operation("d", "y"),
            operation("e", "y"),
        ),
    );
    let contract = check_flaw(&text, ContractRepair::SamePath, 7);
    assert_eq!(names(&contract), ["a", "b", "e"]);
    let requests = [Method::GET, Method::PUT, Method::POST].map(|method| (method, "/i/1"));
    let expected = ["a", "b", "e"].map(|name| Some(name.to_owned()));
    assert_eq!(routed(&contract, &requests), expected);
}

#[test]
fn gives_operations_distinct_names() {
    let text = document(
        "3.0.3",
        "  /a: {get: {operationId: x, responses: {}}}\n  /b: {get: {operationId: x, responses: {}}}\n",
    );
    let contract = repaired(&text, ContractRepair::RepeatedOperationId, 5);
    assert_eq!(names(&contract), ["x", "GET /b"]);
    let clash = text.replacen("operationId: x", "operationId: GET /b", 1)
        + "  /c: {get: {operationId: x, responses: {}}}\n";
    let contract = read(&clash, Tolerant).unwrap();
    assert_eq!(names(&contract), ["GET /b", "x", "GET /c"]);
    let taken = "  /a: {get: {operationId: x, responses: {}}}\n  /c: {get: {operationId: GET /b, responses: {}}}\n  /b: {get: {operationId: x, responses: {}}}\n";
    let contract = read(&document("3.0.3", taken), Tolerant).unwrap();
    assert_eq!(names(&contract), ["x", "GET /b", "GET /b (2)"]);
    // Strictly it stays a warning.
    assert!(read(&text, Strict).is_ok());
}

#[test]
fn takes_the_last_value_of_a_repeated_key() {
    let schema = "{type: object, properties: {a: {type: integer}, a: {type: string}}, required: [a], maxProperties: 0, maxProperties: 1}";
    let body = format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}");
    let text = document("3.1.0", &format!("  /a:\n    post: {{{body}}}\n"));
    let error = parse_single_file_as("t.yaml", text.clone().into(), &Limits::default(), Strict);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("contract_reading") && error.contains("--reading tolerant"),
        "{error}"
    );
    let contract = read(&text, Tolerant).unwrap();
    assert_eq!(contract.warnings.len(), 2, "{:?}", contract.warnings);
    let is_repair = |found: &ContractProblem| found.repair == Some(ContractRepair::RepeatedKey);
    assert!(contract.warnings.iter().all(is_repair));
    for (value, is_valid) in [(r#"{"a": "x"}"#, true), (r#"{"a": 1}"#, false)] {
        let found = violations(&contract, MessageDirection::Request, value);
        assert_eq!(found.is_empty(), is_valid, "{value}: {found:?}");
    }
    // The path item, the operation, and the status.
    let paths = "  /a: {get: {operationId: x, responses: {}}}\n  /a: {get: {operationId: y, responses: {}}, get: {operationId: z, responses: {'200': {description: a}, '200': {description: b}}}}\n";
    let contract = read(&document("3.0.3", paths), Tolerant).unwrap();
    assert_eq!(names(&contract), ["z"]);
    assert_eq!(contract.operations[0].responses.len(), 1);
    assert_eq!(
        contract
            .warnings
            .iter()
            .filter(|found| is_repair(found))
            .count(),
        3
    );
}

#[test]
fn takes_the_last_value_of_a_repeated_key_in_json_and_swagger() {
    let text = r#"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {
        "/a": {"get": {"operationId": "x", "operationId": "y", "responses": {}}}}}"#;
    let error = parse_single_file_as("t.yaml", text.into(), &Limits::default(), Strict);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("contract_reading"), "{error}");
    let contract = read(text, Tolerant).unwrap();
    assert_eq!(names(&contract), ["y"]);
    assert_eq!(
        contract.warnings[0].repair,
        Some(ContractRepair::RepeatedKey)
    );
}

#[test]
fn reads_boolean_bounds_as_draft_4() {
    let check = |schema: &str, yes: &[&str], no: &[&str]| {
        check_schema(schema, ContractRepair::BooleanBound, yes, no);
    };
    check(
        "{minimum: 1, exclusiveMinimum: true}",
        &["2", "1.5"],
        &["1", "0"],
    );
    check("{exclusiveMaximum: true, maximum: 1}", &["0"], &["1"]);
    check("{minimum: 1, exclusiveMinimum: false}", &["1"], &["0"]);
    check("{exclusiveMinimum: true}", &["-1", "0"], &[]);
}

#[test]
fn ignores_empty_alternatives() {
    let check = |schema: &str| {
        check_schema(
            schema,
            ContractRepair::EmptyAlternatives,
            &["1"],
            &["\"x\""],
        );
    };
    check("{type: integer, oneOf: []}");
    check("{type: integer, anyOf: []}");
    check("{allOf: [], type: integer}");
}

#[test]
fn follows_recursive_references() {
    let schema = "{$recursiveAnchor: true, type: object, additionalProperties: false, properties: {a: {type: array, items: {oneOf: [{type: integer}, {$recursiveRef: '#'}]}}}}";
    check_schema(
        schema,
        ContractRepair::RecursiveReference,
        &["{}", r#"{"a": [1, {"a": [{}]}]}"#],
        &["1", r#"{"a": [{"a": ["x"]}]}"#, r#"{"a": [{"b": 1}]}"#],
    );
    for other in [
        "{items: {$recursiveRef: '#'}}",
        "{$recursiveAnchor: true, items: {$recursiveRef: '#/x'}}",
    ] {
        let body = format!("requestBody: {{content: {{application/json: {{schema: {other}}}}}}}");
        let text = document("3.1.0", &format!("  /a:\n    post: {{{body}}}\n"));
        assert_eq!(read(&text, Strict).unwrap_err()[0].repair, None, "{other}");
        assert!(read(&text, Tolerant).is_err(), "{other}");
    }
}

#[test]
fn reads_patterns_of_other_dialects() {
    let check = |schema: &str, yes: &[&str], no: &[&str]| {
        check_schema(schema, ContractRepair::ForeignPattern, yes, no);
    };
    check(r"{pattern: '(?i)^ab$'}", &["\"AB\"", "\"ab\""], &["\"x\""]);
    check(r"{pattern: '\Aab\z'}", &["\"ab\""], &["\"xab\""]);
    let names = r"{patternProperties: {'\Ax': {type: integer}}}";
    check(names, &[r#"{"x": 1, "ax": ""}"#], &[r#"{"x": ""}"#]);
    let text = document(
        "3.1.0",
        "  /a:\n    post: {requestBody: {content: {application/json: {schema: {pattern: '(?i)a'}}}}}\n",
    );
    let contract = repaired(&text, ContractRepair::ForeignPattern, 5);
    let message = &contract
        .warnings
        .iter()
        .find(|found| found.repair.is_some())
        .unwrap()
        .message;
    assert!(message.contains("column 1: `(?i)` is read as"), "{message}");
}

/// What an author left empty constrains nothing, unless it protects something.
#[test]
fn reads_null_as_empty() {
    let operation = |field: &str| {
        let rest = format!("  /a:\n    post:\n      {field}\n");
        document("3.0.3", &rest)
    };
    for field in [
        "responses: {'200': null}",
        "responses: null",
        "parameters: null",
        "parameters: [null]",
        "servers: null",
        "requestBody: null",
        "requestBody: {content: null}",
        "responses: {'200': {description: ok, headers: null}}",
        "responses: {'200': {description: ok, headers: {x-a: null}}}",
        "responses: {'200': {description: ok, content: null}}",
        "responses: {'200': {description: ok, content: {a/b: null}}}",
        "responses: {'200': {description: ok, content: {application/json: {schema: null}}}}",
    ] {
        check_flaw(&operation(field), ContractRepair::EmptyValue, 6);
    }
    let no = [r#"{"a": "x"}"#];
    let schema = "{properties: {a: {allOf: [{type: integer}, null]}}}";
    check_schema(schema, ContractRepair::EmptyValue, &[r#"{"a": 1}"#], &no);
    let schema = "{properties: {a: {type: integer}, b: null}}";
    check_schema(schema, ContractRepair::EmptyValue, &[r#"{"b": "x"}"#], &no);
    let none = document("3.0.3", "  /a: null\n  /b: {get: null}\n");
    let contract = read(&none, Tolerant).unwrap();
    assert_eq!(names(&contract), ["GET /b"]);
    assert!(read(&none, Strict).is_err());
    let swagger = "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get:\n      responses: {'200': null, default: {description: d, schema: null}}\n";
    let problems = read(swagger, Strict).unwrap_err();
    let repairs: Vec<_> = problems.iter().filter_map(|one| one.repair).collect();
    assert_eq!(repairs, [ContractRepair::EmptyValue; 2], "{problems:?}");
    assert!(read(swagger, Tolerant).is_ok());
    let protected = operation("security: null");
    assert!(read(&protected, Tolerant).is_err());
    let contract = read(&operation("requestBody: null"), Tolerant).unwrap();
    let operation = contract.operation(0);
    let body = &operation.body;
    assert!(matches!(body, BodyDeclaration::Ignored), "{body:?}");
}

/// A keyword without a value is read as absent, and the others hold.
#[test]
fn ignores_keywords_that_are_null() {
    let in_30 = "type enum format pattern required minimum maximum exclusiveMinimum multipleOf \
         minLength maxItems uniqueItems minProperties properties additionalProperties items allOf \
         anyOf oneOf not";
    let in_31 = "if contains maxContains dependentRequired dependentSchemas patternProperties \
         prefixItems propertyNames unevaluatedProperties";
    let (yes, no) = ([r#"{"a": 1, "b": [2]}"#, r#"{"a": {}}"#], [r#""x""#]);
    for keyword in in_30.split_whitespace() {
        let other = if keyword == "allOf" { "anyOf" } else { "allOf" };
        let schema = format!("{{{keyword}: null, {other}: [{{type: object}}]}}");
        check_schema(&schema, ContractRepair::EmptyValue, &yes, &no);
    }
    for keyword in in_31.split_whitespace() {
        let schema = format!("{{{keyword}: null, type: object}}");
        check_schema(&schema, ContractRepair::EmptyValue, &yes, &no);
    }
    let rest = "  /a: {get: {parameters: [{name: a, in: query, schema: {type: null}}]}}\n";
    let problems = read(&document("3.1.0", rest), Strict).unwrap_err();
    let message = &problems[0].message;
    assert!(message.contains("in quotes"), "{message}");
}

#[test]
fn refuses_what_has_no_repair() {
    let text = document(
        "3.1.0",
        "  /a#b: {get: {}}\n  /c: {post: {requestBody: {content: {application/json: {schema: {pattern: '('}}}}}}\n",
    );
    let problems = read(&text, Strict).unwrap_err();
    let advice = tolerant_reading_advice(&problems, "S").unwrap();
    assert!(
        advice.starts_with("S repairs 1 of the 2 errors"),
        "{advice}"
    );
    let problems = read(&text, Tolerant).unwrap_err();
    let errors = problems
        .iter()
        .filter(|found| found.severity == Severity::Error);
    assert_eq!(errors.count(), 1);
    assert_eq!(tolerant_reading_advice(&problems, "S"), None);
}
