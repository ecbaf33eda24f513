//! Overlays: what their actions do, and which file a message names.

use std::path::{Path, PathBuf};

use portcullis_vocabulary::limits::Limits;

use crate::{
    CompileOptions, ContractIdentity, ContractLoadOptions, ContractProblem, DocumentSet, Severity,
    UnreadableFile, compile, load_as,
};

const CONTRACT: &str = "\
openapi: 3.0.3
info: {title: Shop, version: 1.0.0}
tags: [{name: a}, {name: b}, {name: c}]
paths:
  /items:
    get:
      description: all
      responses: {'200': {description: ok}}
  /other:
    get:
      responses: {'200': {description: ok}}
";

/// The contract with one overlay, whose actions begin on line 4.
fn load(contract: &str, overlays: &[&str]) -> DocumentSet {
    load_within(&Limits::default(), contract, overlays)
}

fn load_within(limits: &Limits, contract: &str, overlays: &[&str]) -> DocumentSet {
    let name = |number: usize| PathBuf::from(format!("o{number}.yaml"));
    let paths: Vec<PathBuf> = (0..overlays.len()).map(name).collect();
    let read = |path: &Path, _| match paths.iter().position(|known| known == path) {
        Some(number) => Ok(overlays[number].as_bytes().to_vec()),
        None if path == Path::new("c.yaml") => Ok(contract.as_bytes().to_vec()),
        None => Err(UnreadableFile(format!("no {}", path.display()))),
    };
    let options = ContractLoadOptions {
        overlays: &paths,
        ..ContractLoadOptions::default()
    };
    load_as(Path::new("c.yaml"), "c.yaml", &options, limits, &read).unwrap()
}

fn overlay(actions: &str) -> String {
    format!("overlay: 1.1.0\ninfo: {{title: o, version: '1'}}\nactions:\n{actions}")
}

/// Checks a part of the document that an overlay makes of the contract.
#[track_caller]
fn check(actions: &str, pointer: &str, expected: &str) {
    let documents = load(CONTRACT, &[&overlay(actions)]);
    let faults = documents.overlay_faults();
    assert!(faults.is_empty(), "{actions}: {faults:?}");
    let value = documents.entry().root().to_value();
    let found = value.pointer(pointer).map(ToString::to_string);
    assert_eq!(found.unwrap_or_default(), expected, "{actions}");
}

/// The problems of the contract with an overlay.
fn problems(contract: &str, overlays: &[&str]) -> Vec<ContractProblem> {
    match compile(load(contract, overlays), &CompileOptions::default()) {
        Ok(contract) => contract.warnings,
        Err(problems) => problems,
    }
}

/// Checks the only problem of a contract with an overlay.
#[track_caller]
fn check_problem(actions: &str, severity: Severity, line: u32, message: &str) {
    let found = problems(CONTRACT, &[&overlay(actions)]);
    let [one] = found.as_slice() else {
        panic!("{actions}: {found:?}");
    };
    assert!(one.message.contains(message), "{actions}: {one}");
    assert_eq!(
        (one.severity, &*one.at.file, one.at.line),
        (severity, "o0.yaml", line),
        "{one}"
    );
}

#[test]
#[rustfmt::skip]
fn actions_follow_the_specification() {
    let info = "/info";
    check("- {target: $.info, update: {x-a: 1}}", info, r#"{"title":"Shop","version":"1.0.0","x-a":1}"#);
    check("- {target: $, update: {info: {title: New}}}", info, r#"{"title":"New","version":"1.0.0"}"#);
    check("- {target: $.info.title, update: New}", "/info/title", r#""New""#);
    check("- {target: $.info.title, remove: true}", info, r#"{"version":"1.0.0"}"#);
    check("- {target: $.info.title, remove: false, update: New}", "/info/title", r#""New""#);
    let tags = "/tags";
    check("- {target: $.tags, update: {name: d}}", tags, r#"[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]"#);
    check("- {target: $.tags, update: [{name: d}, {name: e}]}", tags, r#"[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"},{"name":"e"}]"#);
    check("- {target: $, update: {tags: [{name: d}]}}", tags, r#"[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]"#);
    check("- {target: \"$.tags[?@.name == 'b']\", remove: true}", tags, r#"[{"name":"a"},{"name":"c"}]"#);
    check("- {target: '$.tags[0,2]', remove: true}", tags, r#"[{"name":"b"}]"#);
    check("- {target: '$.tags[::-2]', remove: true}", tags, r#"[{"name":"b"}]"#);
    check("- {target: '$.tags[*]', remove: true}", tags, "[]");
    check("- {target: $.paths.*.get, update: {x-safe: true}}", "/paths/~1other/get/x-safe", "true");
    check("- {target: \"$.paths[?match(@.get.description, 'a.*')].get\", update: {x-safe: true}}", "/paths/~1other/get/x-safe", "");
    check("- {target: $..description, remove: true}", "/paths", r#"{"/items":{"get":{"responses":{"200":{}}}},"/other":{"get":{"responses":{"200":{}}}}}"#);
    // Each action sees what the one before has done.
    let moved = "- {target: $.paths, update: {/new: {}}}\n- {target: \"$.paths['/new']\", copy: \"$.paths['/items']\"}\n- {target: \"$.paths['/items']\", remove: true}\n- {target: \"$.paths['/new'].get\", update: {description: new}}";
    check(moved, "/paths/~1new/get/description", r#""new""#);
    check(moved, "/paths/~1items", "");
}

#[test]
#[rustfmt::skip]
fn a_bad_overlay_is_an_error_with_its_line() {
    let error = Severity::Error;
    check_problem("- {target: $.info, update: [1]}", error, 4, "an array cannot be merged with an object");
    check_problem("- target: $\n  update:\n    info:\n      title: {a: 1}", error, 7, "an object cannot be merged with a string");
    check_problem("- {target: $.tags, update: {name: d}}\n- {target: '$.tags[', remove: true}", error, 5, "is not a JSONPath of RFC 9535");
    check_problem("- {target: $, remove: true}", error, 4, "cannot be removed");
    check_problem("- {target: $.info}", error, 4, "changes nothing");
    check_problem("- {update: {}}", error, 4, "`target` is missing");
    check_problem("- {target: $.info, updat: {}, remove: true}", error, 4, "`updat` is not a field of an action");
    check_problem("- {target: $.info, remove: 'yes'}", error, 4, "`remove` must be true or false");
    check_problem("- {target: $.info, copy: '$.tags[*]'}", error, 4, "`copy` must select one node, and selects 3");
    check_problem("- {target: $.info, copy: $, update: {}}", error, 4, "either `update` or `copy`");
    check_problem("- 5", error, 4, "an action must be an object, not a number");
    check_problem("- {target: $.infos, remove: true}", Severity::Warning, 4, "matches nothing");
    for (text, message) in [
        ("openapi: 3.0.0", "this is not an overlay"),
        ("overlay: 2.0.0\nactions: [{target: $, update: {}}]", "this is not an overlay"),
        ("overlay: 1.0.0\ninfo: {title: a, version: '1'}", "`actions` is missing"),
        ("overlay: 1.0.0\ninfo: {title: a, version: '1'}\nactions: []", "at least one action"),
        ("overlay: 1.0.0\ninfo: {title: a}\nactions: [{target: $.info, update: {}}]", "`info.version` must be a string"),
        ("5", "this is not an overlay"),
    ] {
        let found = problems(CONTRACT, &[text]);
        assert!(found.iter().any(|one| one.message.contains(message)), "{text}: {found:?}");
    }
}

/// A message about a part that an overlay wrote names the overlay; about all others, the contract.
#[test]
fn messages_name_the_file_that_wrote_the_part() {
    let actions = "\
- target: \"$.paths['/items'].get\"
  update:
    parameters:
    - name: size
      in: query
      schema: {type: no}
";
    let contract = CONTRACT.replace(
        "/other:\n    get:",
        "/other:\n    get:\n      parameters: [{name: a, in: query, schema: {type: none}}]",
    );
    let found = problems(&contract, &[&overlay(actions)]);
    let places: Vec<_> = found
        .iter()
        .map(|one| (&*one.at.file, one.at.line))
        .collect();
    assert_eq!(places, [("c.yaml", 11), ("o0.yaml", 9)], "{found:?}");
    assert_eq!(
        found[1].at.pointer,
        "/actions/0/update/parameters/0/schema/type"
    );
    assert_eq!(
        found[0].at.pointer,
        "/paths/~1other/get/parameters/0/schema/type"
    );
    // A value that a second overlay replaces is the second one's.
    let second = overlay("- {target: \"$..schema\", update: {type: nothing}}");
    let found = problems(&contract, &[&overlay(actions), &second]);
    assert!(
        found
            .iter()
            .all(|one| (&*one.at.file, one.at.line) == ("o1.yaml", 4)),
        "{found:?}"
    );
}

#[test]
fn overlays_apply_to_swagger_before_it_is_translated() {
    let contract = "swagger: '2.0'\ninfo: {title: Shop, version: 1.0.0}\npaths:\n  /items:\n    get:\n      parameters: [{name: size, in: query, type: integer}]\n      responses: {'200': {description: ok}}\n";
    let actions = "- target: \"$.paths['/items'].get.parameters\"\n  update: {name: page, in: query, type: nothing}\n- {target: $.info, update: {title: Other}}";
    let documents = load(contract, &[&overlay(actions)]);
    assert!(documents.is_swagger());
    let found = problems(contract, &[&overlay(actions)]);
    let places: Vec<_> = found
        .iter()
        .map(|one| (&*one.at.file, one.at.line))
        .collect();
    assert_eq!(places, [("o0.yaml", 5)], "{found:?}");
    let fixed = actions.replace("nothing", "integer");
    let compiled = compile(
        load(contract, &[&overlay(&fixed)]),
        &CompileOptions::default(),
    );
    let compiled = compiled.unwrap();
    assert_eq!(&*compiled.title, "Other");
    let parameters = &compiled.operations[0].parameters;
    let places = parameters.iter().map(|one| compiled.location(one.node_ref));
    let places: Vec<_> = places.map(|at| (at.file.to_string(), at.line)).collect();
    assert_eq!(
        places,
        [("c.yaml".to_owned(), 6), ("o0.yaml".to_owned(), 5)]
    );
}

/// An overlay is part of the content of a contract, and of the files to watch.
#[test]
fn overlays_count_for_the_revision_and_the_files() {
    let revision = |overlays: &[&str]| ContractIdentity::of(&load(CONTRACT, overlays)).revision;
    let one = overlay("- {target: $.info, update: {x-a: 1}}");
    let other = overlay("- {target: $.info, update: {x-a: 2}}");
    let revisions = [
        revision(&[]),
        revision(&[&one]),
        revision(&[&other]),
        revision(&[&one, &other]),
    ];
    for (index, one) in revisions.iter().enumerate() {
        assert!(!revisions[..index].contains(one), "{index}");
    }
    let paths = load(CONTRACT, &[&one, &other]).paths();
    assert_eq!(paths, ["c.yaml", "o0.yaml", "o1.yaml"].map(PathBuf::from));
}

/// Copies cannot make a document deeper or larger than a file may be.
#[test]
fn copies_are_bounded() {
    let limits = Limits {
        contract_depth_max: 12,
        ..Limits::default()
    };
    let deeper = "- {target: $.info, copy: $}\n".repeat(8);
    let documents = load_within(&limits, CONTRACT, &[&overlay(&deeper)]);
    let faults = documents.overlay_faults().iter();
    let messages: Vec<&str> = faults.map(|fault| fault.message.as_str()).collect();
    let message = "values would be nested deeper than 12 levels (`limits.contract_depth_max`)";
    assert!(messages.contains(&message), "{messages:?}");
    let larger = "- {target: $.tags, copy: $.tags}\n".repeat(30);
    let found = problems(CONTRACT, &[&overlay(&larger)]);
    let message = "the document would have more than 100000 values";
    assert!(
        found.iter().any(|one| one.message.contains(message)),
        "{found:?}"
    );
}

/// Whatever an overlay does, every node of the result has a place in one of the files.
#[test]
fn every_node_keeps_its_place() {
    let targets = [
        "$",
        "$.info",
        "$.tags",
        "$.tags[1]",
        "$.paths.*",
        "$..responses",
        "$..description",
        "$.none",
        "$..*",
    ];
    let changes = [
        "update: {a: {b: [1]}}",
        "update: [{name: z}]",
        "update: 1",
        "update: null",
        "remove: true",
        "copy: $.info",
        "copy: '$.tags[0]'",
    ];
    for (target, change) in targets
        .iter()
        .flat_map(|target| changes.map(|change| (target, change)))
    {
        let actions = format!(
            "- {{target: '{target}', {change}}}\n- {{target: $.tags, update: [{{name: y}}]}}"
        );
        let documents = load(CONTRACT, &[&overlay(&actions)]);
        let mut open = vec![documents.entry().root()];
        while let Some(node) = open.pop() {
            let at = documents.location(DocumentSet::node_ref(documents.entry_ref(), node));
            assert!(
                ["c.yaml", "o0.yaml"].contains(&&*at.file),
                "{actions}: {at}"
            );
            let text = if &*at.file == "c.yaml" {
                CONTRACT.to_owned()
            } else {
                overlay(&actions)
            };
            assert!(
                (1..=text.lines().count() as u32).contains(&at.line),
                "{actions}: {at}"
            );
            open.extend(
                node.members()
                    .map(|(_, value)| value)
                    .chain(node.elements()),
            );
        }
    }
}

/// A reference that an overlay wrote into an object of the contract is found in the overlay.
#[test]
fn references_of_an_overlay_are_reported_there() {
    let add = "- target: $.paths['/items'].get.responses['200']\n  update:\n    $ref: '#/no'\n";
    check_problem(add, Severity::Error, 6, "`#/no` does not resolve");
    let contract = CONTRACT.replace("description: ok", "$ref: '#/components/responses/Ok'");
    let declared = "- target: $\n  update: {components: {responses: {Ok: {description: ok}}}}\n";
    let replace = "- target: $.paths['/items'].get.responses['200']\n  update: {$ref: '#/gone'}\n";
    let found = problems(&contract, &[&overlay(declared), &overlay(replace)]);
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((&*one.at.file, one.at.line), ("o1.yaml", 5), "{one}");
    // A reference of the contract inside an object that an overlay changed stays there.
    let change = "- target: $.paths['/items'].get\n  update: {summary: a}\n";
    let dangling = CONTRACT.replace("description: ok", "$ref: '#/no'");
    let found = problems(&dangling, &[&overlay(change)]);
    let files: Vec<&str> = found.iter().map(|one| &*one.at.file).collect();
    assert_eq!(files, ["c.yaml", "c.yaml"], "{found:?}");
}

/// Overlays are always read strictly, so no switch reads their repeated keys.
#[test]
fn repeated_keys_of_an_overlay_name_no_switch() {
    let path = PathBuf::from("o.yaml");
    let twice = "overlay: 1.0.0\noverlay: 1.0.0\n";
    let read = |path: &Path, _| {
        let text = if path == Path::new("o.yaml") {
            twice
        } else {
            CONTRACT
        };
        Ok(text.as_bytes().to_vec())
    };
    let options = ContractLoadOptions {
        overlays: &[path],
        ..ContractLoadOptions::default()
    };
    let found = load_as(
        Path::new("c.yaml"),
        "c.yaml",
        &options,
        &Limits::default(),
        &read,
    );
    let message = found.unwrap_err().to_string();
    assert!(message.contains("duplicate key \"overlay\""), "{message}");
    assert!(!message.contains("tolerant"), "{message}");
}
