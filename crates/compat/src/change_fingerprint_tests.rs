//! What a fingerprint covers, and what it ignores.

use std::collections::BTreeSet;
use std::path::Path;

use portcullis_contract::{
    CompileOptions, CompiledContract, UnreadableFile, compile, load, parse_single_file,
};
use portcullis_vocabulary::Limits;

use crate::{
    ApprovalSet, ChangeApproval, ChangeLevel, CompareOptions, ContractNames, Date, compare,
};

const TODAY: &str = "2026-01-01";

fn contract(text: &str) -> CompiledContract {
    let documents =
        parse_single_file("t.yaml", text.as_bytes().to_vec(), &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap_or_else(|found| panic!("{found:?}"))
}

/// The rules and fingerprints of the changes that need an approval.
fn breaks(old: &str, new: &str) -> Vec<(&'static str, String)> {
    let options = CompareOptions::for_day(Date::parse(TODAY).unwrap());
    let report = compare(&contract(old), &contract(new), &options);
    let breaking = report.findings.iter();
    breaking
        .filter(|finding| finding.level >= ChangeLevel::Unknown)
        .map(|finding| (finding.rule.id, finding.fingerprint().to_owned()))
        .collect()
}

fn only(old: &str, new: &str) -> String {
    let found = breaks(old, new);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].1.clone()
}

/// A contract with one path and components.
fn document(title: &str, path: &str, components: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: {title}, version: 1.0.0}}\npaths:\n{path}\ncomponents: {{{components}}}\n"
    )
}

fn body(schema: &str) -> String {
    let path = format!(
        "  /a/{{id}}: {{put: {{parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}], requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}, responses: {{}}}}}}"
    );
    document("t", &path, "")
}

#[test]
fn a_contract_does_not_approve_another() {
    let text = body("{type: integer, maximum: 20}");
    let lower = text.replace("20", "10");
    let other = |text: &str| text.replace("title: t", "title: ord");
    assert_ne!(only(&text, &lower), only(&other(&text), &other(&lower)));
    // The title of the older revision counts, because the newer one may be renamed.
    assert_eq!(only(&text, &lower), only(&text, &other(&lower)));
}

#[test]
fn an_alternative_does_not_approve_another() {
    let alternative = |kind: &str, most: u32| {
        format!(
            "{{type: object, required: [kind], properties: {{kind: {{const: {kind}}}, seats: {{type: integer, maximum: {most}}}}}}}"
        )
    };
    let of = |car: u32, bus: u32| {
        let list = format!("[{}, {}]", alternative("car", car), alternative("bus", bus));
        body(&format!(
            "{{oneOf: {list}, discriminator: {{propertyName: kind}}}}"
        ))
    };
    let (car, bus) = (
        only(&of(20, 20), &of(10, 20)),
        only(&of(20, 20), &of(20, 10)),
    );
    assert_ne!(car, bus);
    // The discriminator identifies an alternative, its position does not.
    let turned = |car: u32, bus: u32| {
        let list = format!("[{}, {}]", alternative("bus", bus), alternative("car", car));
        body(&format!(
            "{{oneOf: {list}, discriminator: {{propertyName: kind}}}}"
        ))
    };
    assert_eq!(car, only(&turned(20, 20), &turned(10, 20)));
    // So do constants without a discriminator.
    let plain = |first: (&str, u32), second: (&str, u32)| {
        let (first, second) = (
            alternative(first.0, first.1),
            alternative(second.0, second.1),
        );
        body(&format!("{{anyOf: [{first}, {second}]}}"))
    };
    let unchanged = plain(("car", 20), ("bus", 20));
    let car = only(&unchanged, &plain(("car", 10), ("bus", 20)));
    let bus = only(&unchanged, &plain(("car", 20), ("bus", 10)));
    assert_ne!(car, bus);
    let turned = plain(("bus", 20), ("car", 20));
    assert_eq!(
        car,
        only(&turned, &plain(("bus", 20), ("car", 10))),
        "an alternative may move"
    );
    assert_eq!(bus, only(&turned, &plain(("bus", 10), ("car", 20))));
}

#[test]
fn an_alternative_without_constants_is_identified_by_its_older_contents() {
    let alternative = |name: &str, most: u32, least: u32| {
        format!(
            "{{type: object, required: [{name}], properties: {{{name}: {{type: string}}, seats: {{type: integer, maximum: {most}, minimum: {least}}}}}}}"
        )
    };
    let list = |first: &str, second: &str| body(&format!("{{oneOf: [{first}, {second}]}}"));
    let (car, bus) = (alternative("car", 20, 1), alternative("bus", 20, 1));
    let (less_car, less_bus) = (alternative("car", 10, 1), alternative("bus", 10, 1));
    let of_car = only(&list(&car, &bus), &list(&less_car, &bus));
    assert_ne!(of_car, only(&list(&bus, &car), &list(&less_bus, &car)));
    assert_eq!(of_car, only(&list(&bus, &car), &list(&bus, &less_car)));
    // A further edit of the alternative does not touch the approval of the first one.
    let both = breaks(&list(&car, &bus), &list(&alternative("car", 10, 2), &bus));
    assert!(both.iter().any(|(_, found)| *found == of_car), "{both:?}");
}

#[test]
fn equal_titles_of_two_squads_are_two_contracts() {
    let owned = |squad: &str, most: u32| {
        let text = body(&format!("{{type: integer, maximum: {most}}}"));
        text.replace(
            "version: 1.0.0",
            &format!("version: 1.0.0, x-squad-owner: {squad}"),
        )
    };
    let pay = only(&owned("pay", 20), &owned("pay", 10));
    assert_ne!(pay, only(&owned("ord", 20), &owned("ord", 10)));
    // The owner of the older revision counts, as the title does.
    assert_eq!(pay, only(&owned("pay", 20), &owned("ord", 10)));
}

#[test]
fn a_component_has_one_fingerprint_for_all_its_places() {
    let uses = |paths: &[&str], most: u32| {
        let used: Vec<String> = paths
            .iter()
            .map(|path| {
                format!(
                    "  {path}: {{put: {{requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/Money'}}}}}}}}, responses: {{}}}}}}"
                )
            })
            .collect();
        let money = format!(
            "schemas: {{Money: {{type: object, properties: {{unit: {{type: integer, maximum: {most}}}}}}}}}"
        );
        document("t", &used.join("\n"), &money)
    };
    let one = only(&uses(&["/a"], 20), &uses(&["/a"], 10));
    let two = only(&uses(&["/a", "/b"], 20), &uses(&["/a", "/b"], 10));
    assert_eq!(one, two);
    assert_ne!(
        one,
        only(&uses(&["/a"], 20), &uses(&["/a"], 9)),
        "another value"
    );
}

#[test]
fn an_approved_schema_does_not_approve_another() {
    let old = body("{type: object, additionalProperties: false}");
    let added = |schema: &str| {
        body(&format!(
            "{{type: object, additionalProperties: false, required: [n], properties: {{n: {schema}}}}}"
        ))
    };
    let fingerprint = |schema: &str| {
        let found = breaks(&old, &added(schema));
        assert_eq!(found[0].0, "schema.property.added.required", "{found:?}");
        found[0].1.clone()
    };
    let number = fingerprint("{type: integer}");
    assert_ne!(number, fingerprint("{type: string}"));
    assert_ne!(number, fingerprint("{type: integer, maximum: 3}"));
    assert_eq!(
        number,
        fingerprint("{description: a number, type: integer}")
    );
    assert_ne!(
        fingerprint("{type: object, properties: {description: {}}}"),
        fingerprint("{type: object, properties: {title: {}}}"),
        "a property may have the name of an annotation"
    );
}

#[test]
fn what_an_added_element_refers_to_counts() {
    let old = document("t", "  /a: {get: {responses: {}}}", "");
    let new = |most: u32| {
        let path = "  /a: {get: {parameters: [{name: q, in: query, required: true, schema: {$ref: '#/components/schemas/Q'}}], responses: {}}}";
        let schemas = format!(
            "schemas: {{Q: {{$ref: '#/components/schemas/R'}}, R: {{anyOf: [{{$ref: '#/components/schemas/Q2'}}, {{type: integer, maximum: {most}}}]}}, Q2: {{type: array, items: {{$ref: '#/components/schemas/R'}}}}}}"
        );
        document("t", path, &schemas)
    };
    assert_ne!(only(&old, &new(3)), only(&old, &new(4)));
    assert_eq!(only(&old, &new(3)), only(&old, &new(3)));
}

#[test]
fn lines_wording_order_and_names_of_path_parameters_do_not_count() {
    let text = |name: &str, parameters: &str, most: u32| {
        let path = format!(
            "  /a/{{{name}}}: {{get: {{description: d, parameters: [{parameters}{{name: {name}, in: path, required: true, schema: {{type: integer, maximum: {most}}}}}], responses: {{}}}}}}"
        );
        document("t", &path, "")
    };
    let plain = only(&text("id", "", 20), &text("id", "", 10));
    assert_eq!(plain, only(&text("key", "", 20), &text("key", "", 10)));
    let other = "{name: q, in: query, schema: {}}, ";
    assert_eq!(plain, only(&text("id", other, 20), &text("id", other, 10)));
    let longer = |most| {
        format!("# a comment\n\n{}", text("id", "", most))
            .replace("description: d", "description: e")
    };
    assert_eq!(plain, only(&longer(20), &longer(10)));
    assert_ne!(plain, only(&text("id", "", 20), &text("id", "", 11)));
}

#[test]
fn the_parameters_of_a_path_are_told_apart_by_position() {
    let text = |one: u32, other: u32| {
        let parameter = |name: &str, most: u32| {
            format!(
                "{{name: {name}, in: path, required: true, schema: {{type: integer, maximum: {most}}}}}"
            )
        };
        let path = format!(
            "  /a/{{one}}/{{other}}: {{get: {{parameters: [{}, {}], responses: {{}}}}}}",
            parameter("one", one),
            parameter("other", other)
        );
        document("t", &path, "")
    };
    assert_ne!(
        only(&text(20, 20), &text(10, 20)),
        only(&text(20, 20), &text(20, 10))
    );
}

#[test]
fn files_are_named_relative_to_the_entry() {
    const ENTRY: &str = "openapi: 3.1.0\ninfo: {title: t, version: 1.0.0}\npaths: {/a: {put: {requestBody: {content: {application/json: {schema: {$ref: '../shared/a.yaml'}}}}, responses: {}}}}\n";
    let contract = |root: &str, most: u32| {
        let part = format!("type: integer\nmaximum: {most}\n");
        let read = |path: &Path, _| match path {
            path if path.ends_with("orders/openapi.yaml") => Ok(ENTRY.as_bytes().to_vec()),
            path if path.ends_with("shared/a.yaml") => Ok(part.clone().into_bytes()),
            _ => Err(UnreadableFile(path.display().to_string())),
        };
        let entry = format!("{root}orders/openapi.yaml");
        let documents = load(Path::new(&entry), &entry, &Limits::default(), &read).unwrap();
        compile(documents, &CompileOptions::default()).unwrap()
    };
    let fingerprints = |one: &str, other: &str| -> BTreeSet<String> {
        let options = CompareOptions::for_day(Date::parse(TODAY).unwrap());
        let report = compare(&contract(one, 20), &contract(other, 10), &options);
        let findings = report.findings.iter();
        findings
            .map(|finding| finding.fingerprint().to_owned())
            .collect()
    };
    let here = fingerprints("", "");
    assert_eq!(here, fingerprints("contracts/", "/tmp/checkout/contracts/"));
    assert!(!here.is_empty());
}

#[test]
fn one_approval_covers_every_place_and_no_other_change() {
    let text = |most: u32, least: u32| {
        let path = "  /a: {put: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}, responses: {}}, post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}, responses: {}}}";
        document(
            "t",
            path,
            &format!("schemas: {{A: {{type: integer, maximum: {most}, minimum: {least}}}}}"),
        )
    };
    let today = Date::parse(TODAY).unwrap();
    let old = contract(&text(20, 1));
    let mut report = compare(
        &old,
        &contract(&text(10, 2)),
        &CompareOptions::for_day(today),
    );
    let lower = report
        .findings
        .iter()
        .find(|found| found.rule.id == "schema.maximum.decreased");
    let approval = ChangeApproval {
        fingerprint: lower.unwrap().fingerprint().to_owned(),
        contract: None,
        service: None,
        owner: "payments".to_owned(),
        reason: "agreed".to_owned(),
        expires: None,
        change: String::new(),
        line: 1,
    };
    let mut approvals = ApprovalSet::new([approval], today);
    report.approve(&mut approvals, &ContractNames::default());
    let counts = report.counts();
    assert_eq!((counts.approved, counts.breaking), (1, 1));
}

#[test]
fn each_property_that_becomes_required_needs_its_own_approval() {
    let text = |required: &str| {
        body(&format!(
            "{{type: object, required: [{required}], properties: {{n: {{type: integer}}, m: {{type: integer}}}}}}"
        ))
    };
    let (one, other) = (only(&text(""), &text("n")), only(&text(""), &text("m")));
    assert_ne!(one, other);
    let both: BTreeSet<String> = breaks(&text(""), &text("n, m"))
        .into_iter()
        .map(|found| found.1)
        .collect();
    assert_eq!(both, BTreeSet::from([one, other]));
}
