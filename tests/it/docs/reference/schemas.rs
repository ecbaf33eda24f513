//! The JSON Schemas of `config.toml` and of the catalog, for editors.
//!
//! Keys and types are probed as for `docs/configuration.md`, so a schema knows what the program reads.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_vocabulary::ViolationClass;
use serde_json::{Map, Value, json};

use super::configuration::{
    CATALOG, ProbedFile, ProbedSection, SAME, SectionKind, UNKNOWN, configuration, table,
};
use super::shipped_keys::ShippedKeys;
use super::{WRITE, assert_page, read};
use crate::support::app::run;

const CONFIG: &str = "crates/config/schemas/config.schema.json";
const SQUADS: &str = "crates/config/schemas/squads.schema.json";

/// A table of the schema.
#[derive(Debug, Default)]
struct SchemaTable {
    is_list: bool,
    /// Whether every key is a name of the operator's.
    is_data: bool,
    keys: Map<String, Value>,
    required: Vec<String>,
    tables: BTreeMap<String, Self>,
}

impl SchemaTable {
    /// The table of a section.
    fn of(&mut self, section: &str) -> &mut Self {
        let names = section.split('.').filter(|name| !name.is_empty());
        names.fold(self, |table, name| {
            table.tables.entry(name.to_owned()).or_default()
        })
    }

    fn to_json(&self) -> Value {
        let mut properties = self.keys.clone();
        let mut others = json!(false);
        if self.is_data {
            others = json!({"type": ["string", "number", "boolean"]});
        }
        for (name, table) in &self.tables {
            match name.as_str() {
                "*" => others = table.to_json(),
                _ => {
                    properties.insert(name.clone(), table.to_json());
                }
            }
        }
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": others,
        });
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        if self.is_list {
            schema = json!({"type": "array", "items": schema});
        }
        schema
    }
}

fn schema(
    title: &str,
    sections: &[ProbedSection],
    meaning: impl Fn(&str, &str) -> String,
) -> Value {
    let mut root = SchemaTable::default();
    for section in sections {
        let table = root.of(&section.name);
        table.is_list = section.kind == SectionKind::List;
        table.is_data = section.kind == SectionKind::Data;
        for key in &section.keys {
            let mut of_key = type_of(&key.expected);
            of_key["description"] = json!(meaning(&section.name, &key.name));
            table.keys.insert(key.name.clone(), of_key);
            if key.is_required {
                table.required.push(key.name.clone());
            }
        }
    }
    // The program names the type of one address; a list of them is accepted, too.
    for section in ["listen", "egress"] {
        let Some(listen) = root.tables.get_mut(section) else {
            continue;
        };
        let one_or_several = type_of("a string or a non-empty list of strings");
        listen.keys.insert("address".to_owned(), one_or_several);
    }
    if let Some(services) = root.tables.get_mut("services") {
        let one_or_several = type_of("a string or a non-empty list of strings");
        services.keys.insert("upstream".to_owned(), one_or_several);
    }
    let classes = root.tables.get_mut("services");
    if let Some(classes) = classes.and_then(|services| services.tables.get_mut("enforcement")) {
        let classes = classes.of("classes");
        classes.is_data = false;
        for class in ViolationClass::ALL {
            let actions: &[&str] = if class.is_unreadable() {
                &["reject", "report"]
            } else {
                &["reject", "report", "off"]
            };
            classes
                .keys
                .insert(class.as_str().to_owned(), json!({"enum": actions}));
        }
    }
    let mut schema =
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title});
    let Value::Object(rest) = root.to_json() else {
        unreachable!("a table is an object");
    };
    schema.as_object_mut().unwrap().extend(rest);
    schema
}

/// The schema of a type, as the program names it.
fn type_of(expected: &str) -> Value {
    // In this order: a list of something has the words of the something.
    if let Some(items) = expected.strip_prefix("a list: ") {
        return json!({"type": "array", "items": type_of(items)});
    }
    if expected.starts_with("a list of ") {
        return json!({"type": "array", "items": {"type": "string"}});
    }
    if expected.ends_with(" certificates") {
        let pair = json!({"cert": {"type": "string"}, "key": {"type": "string"}});
        let pair = json!({"type": "object", "properties": pair, "required": ["cert", "key"], "additionalProperties": false});
        return json!({"type": "array", "items": pair});
    }
    if expected == "a string or a non-empty list of strings" {
        let list = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
        return json!({"anyOf": [{"type": "string"}, list]});
    }
    if expected == "true or false" {
        return json!({"type": "boolean"});
    }
    if let Some(range) = expected.strip_prefix("a whole number from ") {
        let (least, most) = range.split_once(" to ").unwrap();
        let [least, most] = [least, most].map(|bound| bound.parse::<u64>().unwrap());
        return json!({"type": "integer", "minimum": least, "maximum": most});
    }
    if expected.starts_with("a share above 0.0 and below 1.0") {
        return json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1});
    }
    if expected == "a share from 0.0 to 1.0" {
        return json!({"type": "number", "minimum": 0, "maximum": 1});
    }
    if expected.starts_with("a size from ") {
        return json!({"type": ["string", "integer"]});
    }
    let words: Option<Vec<&str>> = expected
        .split(" or ")
        .map(|word| {
            word.strip_prefix('"')?
                .strip_suffix('"')
                .filter(|word| !word.contains('"'))
        })
        .collect();
    if let Some(words) = words {
        return json!({"enum": words});
    }
    let texts = [
        "a string",
        "a duration",
        "whole hours or days",
        "a file path",
        "permissions as a string",
        "a name or a number",
        "a path",
        "an IP address",
        "a network",
        "the name of a service",
        "a host",
        "a header name",
        "a day such as ",
        "an address such as ",
        "a squad and one of its contacts",
        "the http or https address",
        "1 to 64 ",
        "@user",
        "\"mock\", ",
    ];
    let is_text = texts.iter().any(|text| expected.starts_with(text));
    assert!(is_text, "say here which JSON type this is: {expected}");
    json!({"type": "string"})
}

fn config_schema(sections: &[ProbedSection], shipped: &ShippedKeys) -> Value {
    schema(
        "The configuration of Portcullis",
        sections,
        |section, key| {
            let same = SAME.iter().find(|(name, _)| *name == section);
            let section = same.map_or(section, |(_, other)| *other);
            let shown = shipped.keys.get(&(section.to_owned(), key.to_owned()));
            shown.map(|shown| shown.comment.clone()).unwrap_or_default()
        },
    )
}

fn squads_schema(sections: &[ProbedSection]) -> Value {
    schema("The catalog of squads", sections, |section, key| {
        let path = format!("{section}.{key}");
        let row = CATALOG.iter().find(|(of, ..)| *of == path);
        row.map(|(_, _, meaning)| (*meaning).to_owned())
            .unwrap_or_default()
    })
}

/// Whether the schemas are written now, so that the program has the ones before.
fn is_written() -> bool {
    std::env::var_os(WRITE).is_some()
}

fn parse(text: &str) -> Value {
    let value: toml::Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    serde_json::to_value(value).unwrap()
}

/// The shipped file with the keys that it shows in comments; `examples` are shown after a space.
fn uncommented(text: &str, examples: bool) -> String {
    let line = |line: &str| {
        let key = match line.strip_prefix("# ") {
            Some(key) if examples && key.contains(" = ") => Some(key),
            Some(_) => None,
            None => line.strip_prefix('#'),
        };
        let starts = |key: &&str| key.starts_with(|c: char| c.is_ascii_alphabetic());
        key.filter(starts)
            .filter(|key| parses(key))
            .unwrap_or(line)
            .to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn parses(line: &str) -> bool {
    line.parse::<toml::Table>().is_ok()
}

#[test]
fn the_schemas_know_what_the_program_reads() {
    let shipped_text = read("config.toml");
    let shipped = ShippedKeys::read(&shipped_text);
    let config = ProbedFile::Configuration.sections("", SectionKind::Table);
    let squads = ProbedFile::Catalog.sections("", SectionKind::Table);
    let (of_config, of_squads) = (config_schema(&config, &shipped), squads_schema(&squads));
    for (name, schema) in [(CONFIG, &of_config), (SQUADS, &of_squads)] {
        let text = serde_json::to_string_pretty(schema).unwrap();
        assert_page(name, &format!("{text}\n"));
    }
    for (words, name) in [("config schema", CONFIG), ("config schema catalog", SQUADS)] {
        let output = run(Path::new("."), words, "");
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let written: Value = serde_json::from_str(&read(name)).unwrap();
        assert!(printed == written || is_written(), "{words}");
    }
    let validator = |schema: &Value| jsonschema::validator_for(schema).unwrap();
    let (of_config, of_squads) = (validator(&of_config), validator(&of_squads));
    let accepts = |validator: &jsonschema::Validator, text: &str| validator.is_valid(&parse(text));

    for text in [
        shipped_text.clone(),
        uncommented(&shipped_text, false),
        uncommented(&shipped_text, true),
    ]
    .into_iter()
    .chain(["deploy/gateway.toml", "deploy/verdict/portcullis.toml"].map(read))
    {
        let problem = of_config
            .iter_errors(&parse(&text))
            .next()
            .map(|error| format!("{}: {error}", error.instance_path()));
        assert_eq!(problem, None);
    }
    assert!(accepts(&of_squads, &read("contracts/squads.toml")));

    let mut count = 0;
    for (file, sections, validator) in [
        (ProbedFile::Configuration, &config, &of_config),
        (ProbedFile::Catalog, &squads, &of_squads),
    ] {
        let text = |section: &str, line: &str| match file {
            ProbedFile::Configuration => configuration(section, line),
            ProbedFile::Catalog => table(section, line),
        };
        for section in sections
            .iter()
            .filter(|section| section.kind != SectionKind::Data)
        {
            let name = section.name.as_str();
            let unknown = text(name, &format!("{UNKNOWN} = 1"));
            assert!(!accepts(validator, &unknown), "{unknown}");
            for key in &section.keys {
                let misspelt = text(name, &format!("{}x = 1", key.name));
                assert!(!accepts(validator, &misspelt), "{misspelt}");
                count += 1;
            }
        }
    }
    assert!(count > 150, "{count}");
    let wrong = configuration("refusals", "audience = \"publik\"");
    assert!(!accepts(&of_config, &wrong));
    assert!(accepts(&of_config, &wrong.replace("publik", "public")));
}
