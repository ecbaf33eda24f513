//! `docs/check.md`: every problem that `portcullis check` reports.

use std::collections::BTreeSet;
use std::fmt::Write;

use portcullis_contract::{
    ASSERTED_FORMATS, CompileOptions, ContractProblemKind, Severity, compile, lint, lint_documents,
    parse_single_file,
};
use portcullis_vocabulary::Limits;

use super::{assert_page, cell};

const BEGINNING: &str = "\
# Problems that check reports

`portcullis check` reports what keeps a contract from being enforced, and what is probably not \
enforced as its author meant. It reports nothing about style.

- An **error** makes `check` fail, and `serve` refuses the contract.
- A **warning** makes `check` fail with `--fail-on warning`. The contract is enforced.

Every problem has an id, the file, the line and a JSON pointer, in every `--format`. Ids do not \
change. `--ignore ID` leaves the warnings with this id out; the last line counts them. Errors cannot \
be ignored.

```text
portcullis check contracts/ --fail-on warning --ignore unknown-format,missing-field
```

A contract with errors has fewer warnings: examples, styles of parameters and media types are \
examined only when the contract compiles.
";

const NAMES: &str = "
## Names

`misspelt-keyword`, `misplaced-keyword` and `unknown-field` judge a name by the kind of its object \
and the version of OpenAPI. Names that start with `x-` are extensions, and names in maps \
(`properties`, `headers`, `schemas` and others) are data. A Schema Object may have keywords of its \
own; only a name close to a keyword that the schema lacks is reported: one that differs in case or \
separators (`max_length`), in one letter (`require`), or, for keywords of eight letters and more, \
in two.

";

#[test]
fn the_page_lists_every_problem() {
    let mut page = BEGINNING.to_owned();
    page.push_str("\n## Ids\n\n| id | level | meaning | example |\n|---|---|---|---|\n");
    for kind in ContractProblemKind::ALL {
        let rule = kind.rule();
        let level = if rule.can_be_error {
            "error or warning"
        } else {
            "warning"
        };
        let (id, meaning, example) = (kind.as_str(), cell(rule.meaning), cell(rule.example));
        writeln!(page, "| `{id}` | {level} | {meaning} | `{example}` |").unwrap();
    }
    page.push_str("| `unreadable-file` | error | A file cannot be read or parsed. | |\n");
    page.push_str(NAMES);
    let formats = ASSERTED_FORMATS.map(|format| format!("`{format}`"));
    writeln!(
        page,
        "## Formats\n\nValidated: {}; `int32` and `int64` bound numbers. \
         `float`, `double`, `binary` and `password` are annotations. Any other format is `unknown-format`.\n\n\
         This page is generated; see [CONTRIBUTING.md](../CONTRIBUTING.md#how-the-tests-are-organised).",
        formats.join(", ")
    )
    .unwrap();
    assert_page("docs/check.md", &page);
}

/// Contracts below `openapi` and `info` that show an id.
#[rustfmt::skip]
const FIXTURES: [(&str, &str, &str); 22] = [
    ("malformed-document", "3.0.3", "paths: {/a: {post: {requestBody: {}, responses: {}}}}"),
    ("unresolved-reference", "3.0.3", "paths: {/a: {get: {responses: {'200': {$ref: '#/b'}}}}}"),
    ("malformed-path", "3.0.3", "paths: {'/a/{b}': {get: {responses: {}}}}"),
    ("ambiguous-path", "3.0.3", "paths: {'/a/{b}': {get: {responses: {}}}, '/a/{c}': {get: {responses: {}}}}"),
    ("malformed-parameter", "3.0.3", "paths: {/a: {parameters: [{name: b, in: path, required: true, schema: {}}], get: {responses: {}}}}"),
    ("malformed-schema", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {type: string, required: true}}}"),
    ("malformed-pattern", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {pattern: '['}}}"),
    ("unsatisfiable-schema", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {type: integer, minimum: 2, maximum: 1}}}"),
    ("invalid-example", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {type: integer, example: a}}}"),
    ("unknown-format", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {type: string, format: url}}}"),
    ("foreign-keyword", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {const: 1}}}"),
    ("not-judged", "3.1.0", "paths: {/a: {post: {requestBody: {content: {application/xml: {schema: {type: object}}}}}}}"),
    ("malformed-objective", "3.1.0", "paths: {/a: {get: {x-slo: {availability: 99.9}, responses: {'200': {description: d}}}}}"),
    ("misspelt-keyword", "3.1.0", "components: {schemas: {A: {type: integer, minimun: 1}}}"),
    ("misplaced-keyword", "3.1.0", "components: {parameters: {A: {name: a, in: query, schema: {}, pattern: b}}}"),
    ("unknown-field", "3.1.0", "paths: {/a: {get: {consumes: [application/json]}}}"),
    ("missing-field", "3.1.0", "paths: {/a: {get: {responses: {'200': {}}}}}"),
    ("ineffective-keyword", "3.1.0", "components: {schemas: {A: {type: integer, maxLength: 5}}}"),
    ("ineffective-nullable", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {nullable: true, allOf: [{type: string}]}}}"),
    ("vacuous-alternative", "3.0.3", "paths: {}\ncomponents: {schemas: {A: {anyOf: [{type: string}, {nullable: true}]}}}"),
    // An overlay shows this one; crates/contract/src/openapi/overlay/tests.rs does.
    ("overlay-action", "", ""),
    // Deep nesting shows this one; crates/contract/src/bounded_work_tests.rs does.
    ("costly-schema", "", ""),
];

#[test]
fn every_id_has_a_contract_that_shows_it() {
    let known = ContractProblemKind::ALL.map(ContractProblemKind::as_str);
    let shown: BTreeSet<&str> = FIXTURES.iter().map(|(id, _, _)| *id).collect();
    assert_eq!(shown, BTreeSet::from(known));
    for (id, version, rest) in FIXTURES
        .iter()
        .filter(|(_, version, _)| !version.is_empty())
    {
        let text = format!("openapi: {version}\ninfo: {{title: t, version: '1'}}\n{rest}\n");
        let limits = Limits::default();
        let documents = parse_single_file("a.yaml", text.into_bytes(), &limits).unwrap();
        let mut problems = lint_documents(&documents);
        match compile(documents, &CompileOptions::default()) {
            Ok(contract) => {
                problems.extend(lint(&contract));
                problems.extend(contract.warnings);
            }
            Err(errors) => problems.extend(errors),
        }
        let found: Vec<_> = problems.iter().map(|problem| problem.kind).collect();
        assert!(
            found.iter().any(|kind| kind.as_str() == *id),
            "{id}: {problems:?}"
        );
        for problem in problems {
            let can_be_error = problem.kind.rule().can_be_error;
            assert!(
                can_be_error || problem.severity == Severity::Warning,
                "{problem}"
            );
        }
    }
}

#[test]
fn kinds_are_listed_in_their_order() {
    for (index, kind) in ContractProblemKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, index, "{kind:?}");
    }
}
