//! `docs/configuration.md`: every key of the configuration and of the catalog.
//!
//! Keys and types are probed: an unknown key makes the program list the known ones, and an invalid
//! value makes it name the expected type. So a new key without a comment in `config.toml`, or without
//! a line below, fails here. Defaults and meanings are read from `config.toml`; another test compares
//! its defaults with the code.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use portcullis_config::{ConfigErrors, FlagOverrides, load, parse_catalog};
use portcullis_vocabulary::ViolationClass;

use super::shipped_keys::ShippedKeys;
use super::{assert_page, cell, read};

/// A key that no section has, and that resembles none.
pub(super) const UNKNOWN: &str = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";

/// A value that no key takes.
const WRONG: &str = "2020-01-01";

/// The files that are probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbedFile {
    Configuration,
    Catalog,
}

/// A section with its keys in the order in which the program reads them.
#[derive(Debug)]
pub(super) struct ProbedSection {
    /// Its dotted name, with `*` for the name of an entry.
    pub(super) name: String,
    pub(super) kind: SectionKind,
    pub(super) keys: Vec<ProbedKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionKind {
    /// `[name]`.
    Table,
    /// `[[name]]`.
    List,
    /// `[name]`, in which every key is data.
    Data,
}

#[derive(Debug)]
pub(super) struct ProbedKey {
    pub(super) name: String,
    /// The type that the program expects.
    pub(super) expected: String,
    pub(super) is_required: bool,
}

/// A section with the same keys as a top-level section.
pub(super) const SAME: [(&str, &str); 5] = [
    ("services.breaker", "breaker"),
    ("services.shares", "shares"),
    ("services.budget", "budget"),
    ("services.retries", "retries"),
    ("services.reload", "reload"),
];

/// Sections whose keys have their comments in a different section.
const COMMENTED_IN: [(&str, &str); 2] = [
    ("tiers.silver", "tiers.gold"),
    ("tiers.bronze", "tiers.gold"),
];

/// Keys of the catalog: default and meaning.
pub(super) const CATALOG: &[(&str, &str, &str)] = &[
    (
        "squads.*.tier",
        "`\"bronze\"`",
        "gold, silver or bronze: the highest tier that the squad's traffic may claim.",
    ),
    (
        "squads.*.weight",
        "that of its tier",
        "Its share relative to other squads when an upstream is at its limit.",
    ),
    (
        "squads.*.lendable",
        "that of the service",
        "The share of its guaranteed slots that others may use while it does not need them, 0 to 1.",
    ),
    (
        "squads.*.email",
        "",
        "Contact, shown in refusals, at `/__owner` and on the dashboard.",
    ),
    ("squads.*.chat", "", "Contact."),
    ("squads.*.oncall", "", "Contact for incidents."),
    (
        "squads.*.escalation",
        "`[]`",
        "Whom to ask after its own contacts, step by step: a squad and one of its contacts; see [ownership.md](ownership.md#escalation).",
    ),
    (
        "squads.*.cost_center",
        "",
        "For accounting, shown at `/__owner`.",
    ),
    (
        "squads.*.domains",
        "`[]`",
        "Business domains, shown at `/__owner`.",
    ),
    (
        "squads.*.namespaces",
        "`[]`",
        "Kubernetes namespaces that the squad owns.",
    ),
    (
        "squads.*.services",
        "`[]`",
        "Services that the squad provides. A service has one provider.",
    ),
    (
        "squads.*.paths",
        "`[]`",
        "Patterns of repository paths that the squad owns; see [ownership.md](ownership.md#patterns).",
    ),
    (
        "squads.*.public",
        "`[]`",
        "Patterns of the paths among them whose code other squads may import; see [boundaries.md](boundaries.md).",
    ),
    (
        "squads.*.codeowners",
        "`@` and the squad's name",
        "Owners that CODEOWNERS names for the squad.",
    ),
    (
        "squads.*.deploy.cooldown",
        "none",
        "Minimum time between two deployments of one service.",
    ),
    (
        "squads.*.deploy.risk_max",
        "none",
        "Risk score above which a deployment is blocked.",
    ),
    (
        "squads.*.deploy.drift_max",
        "none",
        "Drift score above which a deployment is blocked. Without it drift is a warning.",
    ),
    (
        "squads.*.deploy.budget_min",
        "none",
        "Share of an error budget that must be left for a deployment, for objectives of the service.",
    ),
    (
        "squads.*.deploy.notice",
        "none",
        "Notice period for breaking changes. A deployment that keeps the previous version at least this long needs no approvals.",
    ),
    (
        "squads.*.quota.requests_cpu",
        "`8`",
        "Processors that the pods of each of its namespaces may reserve together. The quota and the limits are those of `portcullis manifests squad`.",
    ),
    (
        "squads.*.quota.requests_memory",
        "`\"16Gi\"`",
        "Memory that they may reserve together.",
    ),
    (
        "squads.*.quota.limits_cpu",
        "`16`",
        "Processors that they may use together.",
    ),
    (
        "squads.*.quota.limits_memory",
        "`\"32Gi\"`",
        "Memory that they may use together.",
    ),
    ("squads.*.quota.pods", "`50`", "Pods of each namespace."),
    (
        "squads.*.limits.cpu",
        "`\"500m\"`",
        "The limit of processors of a container that has none.",
    ),
    (
        "squads.*.limits.cpu_request",
        "`\"100m\"`",
        "The request of processors of a container that has none.",
    ),
    (
        "squads.*.limits.memory",
        "`\"512Mi\"`",
        "The limit of memory of a container that has none.",
    ),
    (
        "squads.*.limits.memory_request",
        "`\"256Mi\"`",
        "The request of memory of a container that has none.",
    ),
    (
        "squads.*.limits.memory_max",
        "`\"2Gi\"`",
        "The most memory that a container may have.",
    ),
    (
        "services.*.runbook",
        "none",
        "The address of the runbook of the service, for [the scorecard](ownership.md#scorecard) and its alerts.",
    ),
    (
        "services.*.dashboard",
        "none",
        "The address of the dashboard of the service, for [the scorecard](ownership.md#scorecard).",
    ),
    (
        "slo.tiers.*.availability",
        "none",
        "The share of the requests that a service or an operation of this tier must serve; see [slo.md](slo.md).",
    ),
    (
        "slo.tiers.*.latency.le",
        "none",
        "The longest time from the head of a request to the head of a good response.",
    ),
    (
        "slo.tiers.*.latency.share",
        "none",
        "The share of the responses that must be as fast.",
    ),
    (
        "slo.tiers.*.window",
        "`\"30days\"`",
        "The time over which the error budget of a service of this tier is spent.",
    ),
    (
        "services.*.slo.tier",
        "`x-sla-tier` of the contract",
        "The tier whose level counts where the service and its contract promise none.",
    ),
    (
        "services.*.slo.availability",
        "none",
        "The share of the requests that the service must serve, for example 0.999; see [slo.md](slo.md).",
    ),
    (
        "services.*.slo.window",
        "`\"30days\"`",
        "The time over which the error budget is spent.",
    ),
    (
        "services.*.slo.latency.le",
        "none",
        "The longest time from the head of a request to the head of a good response.",
    ),
    (
        "services.*.slo.latency.share",
        "none",
        "The share of the responses that must be as fast.",
    ),
    (
        "services.*.slo.operations.operation",
        "required",
        "An operation with an objective of its own, as metrics name it.",
    ),
    (
        "services.*.slo.operations.availability",
        "none",
        "The share of its requests that must be served.",
    ),
    (
        "services.*.slo.operations.latency.le",
        "none",
        "The longest time from the head of one of its requests to the head of a good response.",
    ),
    (
        "services.*.slo.operations.latency.share",
        "none",
        "The share of its responses that must be as fast.",
    ),
    (
        "transfers.service",
        "required",
        "A service that moves to another squad, which lists it already; see [ownership.md](ownership.md#move-a-service).",
    ),
    ("transfers.from", "required", "The squad that provided it."),
    (
        "transfers.to",
        "required",
        "The squad that provides it now.",
    ),
    (
        "transfers.until",
        "required",
        "The last day on which both can deploy it and approve its changes.",
    ),
    ("resources.name", "required", "Unique name."),
    ("resources.kind", "required", "What is shared."),
    ("resources.owner", "required", "The owning squad."),
    ("resources.used_by", "`[]`", "Services that use it."),
    (
        "resources.tables",
        "`[]`",
        "Tables of a database that the services share; see [schema.md](schema.md#shared-tables).",
    ),
    ("flags.name", "required", "Unique name."),
    (
        "flags.service",
        "required",
        "The service that reads the flag.",
    ),
    (
        "flags.cross_squad",
        "`false`",
        "Whether the flag changes behaviour that another squad sees.",
    ),
    ("flags.target", "none", "That squad."),
    ("flags.version", "`1`", "Counts changes of the flag."),
    (
        "flags.rollback_approval",
        "`false`",
        "Whether a rollback to a deployment with another version of the flag needs the approval of `target`.",
    ),
    (
        "dependencies.service",
        "required",
        "The calling service; one table for each.",
    ),
    ("dependencies.uses", "`[]`", "Services that it calls."),
    (
        "dependencies.fallbacks",
        "`[]`",
        "Those of them without which it still serves something; see [ownership.md](ownership.md#scorecard).",
    ),
    (
        "services.*.dependencies.allowed_hosts",
        "`[]`",
        "The hosts that the service calls through the forward proxy, as patterns; see [egress.md](egress.md#what-is-declared).",
    ),
    (
        "ownership.unowned",
        "`\"warn\"`",
        "What a change of a path without an owner means.",
    ),
    (
        "risk.squad",
        "`30`",
        "Points for each squad that may be affected, and for each affected bronze squad.",
    ),
    (
        "risk.silver",
        "`45`",
        "Points for each affected silver squad.",
    ),
    ("risk.gold", "`60`", "Points for each affected gold squad."),
    (
        "risk.untouched",
        "`10`",
        "Points for each squad that calls nothing that breaks.",
    ),
    (
        "risk.database",
        "`20`",
        "Points for each database that other squads also use.",
    ),
    (
        "risk.flag",
        "`10`",
        "Points for each flag that another squad sees.",
    ),
];

const BEGINNING: &str = "\
# Configuration

`portcullis serve` reads `config.toml`, or the file that `--config` or `PORTCULLIS_CONFIG` names. \
[config.toml](../config.toml) in this repository shows every key with its default; it runs as it \
is. Every key can be set by the environment variable in the table. Flags override variables, \
variables override the file.

- A service is named in a variable by its name or its position: `PORTCULLIS_SERVICES__ORDERS__UPSTREAM`, \
`PORTCULLIS_SERVICES__0__UPSTREAM`. Characters that a variable name cannot contain are `_`.
- A list in a variable is separated by commas.
- Variables that Kubernetes sets for a service named `portcullis` (`PORTCULLIS_SERVICE_HOST`, \
`PORTCULLIS_PORT` and so on) are ignored.
- Paths are relative to the directory of the file. Sizes are strings with a unit (`\"1 MiB\"`) or a \
number of bytes. Durations are strings with a unit (`\"10s\"`).
- Unknown keys are errors. All problems are reported at once, with line numbers:

```console
config.toml:12: limits.body_bytes_max: expected a size from 1 B to 1 GiB, found \"1 MB!\"
```

Commands that use the admin port read `PORTCULLIS_ADMIN_URL`, and for a port with TLS `PORTCULLIS_ADMIN_CA`, `PORTCULLIS_ADMIN_CERT` and `PORTCULLIS_ADMIN_KEY`. [operations.md](operations.md#change-the-configuration) \
lists which keys apply without a restart.

This page is generated; see [CONTRIBUTING.md](../CONTRIBUTING.md#how-the-tests-are-organised).
";

const OVERRIDDEN: &str = "
A service can override `[breaker]`, `[shares]`, `[budget]`, `[retries]` and `[reload]`: the same keys \
in `[services.breaker]` and so on.
";

const CATALOG_BEGINNING: &str = "
## The catalog

The file that `catalog.path` names, by convention `contracts/squads.toml`, is the single source of \
ownership. Names of squads and services have 1 to 64 characters of `a-z 0-9 . _ -`. `unknown` and \
`everybody` are reserved. Environment variables do not apply to the catalog.
";

impl ProbedFile {
    /// The problems of a file with this line in this section.
    fn errors(self, section: &str, line: &str) -> Option<ConfigErrors> {
        match self {
            Self::Configuration => {
                let directory = tempfile::tempdir().unwrap();
                let path = directory.path().join("config.toml");
                std::fs::write(&path, configuration(section, line)).unwrap();
                load(Some(&path), [], &FlagOverrides::default()).err()
            }
            Self::Catalog => parse_catalog(&table(section, line), Path::new("squads.toml")).err(),
        }
    }

    /// The problem with a key in a section.
    fn problem(self, section: &str, line: &str, key: &str) -> Option<String> {
        let errors = self.errors(section, line)?;
        let is_about = |path: &str| path == key || path.ends_with(&format!(".{key}"));
        let mut problems = errors.problems().iter();
        let problem = problems.find(|problem| is_about(problem.key()))?;
        Some(problem.message().to_owned())
    }

    /// The sections below a section, itself first.
    pub(super) fn sections(self, name: &str, kind: SectionKind) -> Vec<ProbedSection> {
        let unknown = self.problem(name, &format!("{UNKNOWN} = 1"), UNKNOWN);
        let Some(message) = unknown else {
            // Its keys are names of tables.
            return self.sections(&format!("{name}.*"), SectionKind::Table);
        };
        let Some((_, known)) = message.rsplit_once("known keys: ") else {
            let keys = Vec::new();
            let (name, kind) = (name.to_owned(), SectionKind::Data);
            return vec![ProbedSection { name, kind, keys }];
        };
        let (mut keys, mut below) = (Vec::new(), Vec::new());
        for key in known.split(", ") {
            let path = [name, key].into_iter().filter(|part| !part.is_empty());
            let path = path.collect::<Vec<_>>().join(".");
            let message = self.problem(name, &format!("{key} = {WRONG}"), key);
            let message = message.unwrap_or_else(|| panic!("{path} takes {WRONG}"));
            match expected(&message) {
                "a table" => below.extend(self.sections(&path, SectionKind::Table)),
                text if text.ends_with("tables") => {
                    below.extend(self.sections(&path, SectionKind::List));
                }
                text => keys.push(ProbedKey {
                    is_required: self.is_required(name, key),
                    expected: self.expected(name, key, text),
                    name: key.to_owned(),
                }),
            }
        }
        let name = name.to_owned();
        below.insert(0, ProbedSection { name, kind, keys });
        below
    }

    /// Whether a section without the key is refused.
    fn is_required(self, section: &str, key: &str) -> bool {
        let problem = self.problem(section, &format!("#{key} = 1"), key);
        problem.is_some_and(|message| message.contains("missing"))
    }

    /// The type of a key, or of the items of its list.
    fn expected(self, section: &str, key: &str, of_key: &str) -> String {
        if of_key != "a list" {
            return of_key.to_owned();
        }
        let of_items = self.problem(section, &format!("{key} = [{WRONG}]"), key);
        format!("a list: {}", expected(&of_items.unwrap()))
    }
}

/// The expected type in a message.
fn expected(message: &str) -> &str {
    let message = message.split(", found ").next().unwrap_or_default();
    let message = message.strip_prefix("expected ").unwrap_or(message);
    message.split("; try ").next().unwrap_or(message)
}

/// A configuration that is valid except for a line.
pub(super) fn configuration(section: &str, line: &str) -> String {
    let is_of_service = section == "services";
    // A line that is a comment takes a required key away.
    let key = line.trim_start_matches('#').split(" = ").next().unwrap();
    let required = [
        "name = \"a\"",
        "contract = \"a.yaml\"",
        "upstream = \"mock\"",
    ];
    let mut required: Vec<&str> = required.to_vec();
    if is_of_service {
        required.retain(|other| other.split(" = ").next() != Some(key));
        required.push(line);
    }
    let services = format!("[[services]]\n{}\n", required.join("\n"));
    let is_instead = section.is_empty() && key == "services";
    match section {
        _ if is_instead => format!("{line}\n"),
        "services" => services,
        "" => format!("{line}\n{services}"),
        _ => format!("{services}{}", table(section, line)),
    }
}

/// A table with a line; an entry whose name is free is called `a`.
pub(super) fn table(section: &str, line: &str) -> String {
    let section = section.replace('*', "a");
    match section.as_str() {
        "" => format!("{line}\n"),
        "resources" | "flags" | "dependencies" | "transfers" | "services.a.slo.operations" => {
            format!("[[{section}]]\n{line}\n")
        }
        "services.a.slo.operations.latency" => {
            format!("[[services.a.slo.operations]]\n[{section}]\n{line}\n")
        }
        _ => format!("[{section}]\n{line}\n"),
    }
}

fn page() -> String {
    let shipped = ShippedKeys::read(&read("config.toml"));
    let mut page = BEGINNING.to_owned();
    let sections = ProbedFile::Configuration.sections("", SectionKind::Table);
    let keys_of = |name: &str| {
        let section = sections.iter().find(|section| section.name == name);
        let keys = section.unwrap().keys.iter();
        keys.map(|key| key.name.clone()).collect::<Vec<_>>()
    };
    for section in &sections {
        let same = SAME.iter().find(|(name, _)| *name == section.name);
        if let Some((name, other)) = same {
            assert_eq!(keys_of(name), keys_of(other));
            continue;
        }
        configuration_section(&mut page, section, &shipped);
    }
    page.push_str(CATALOG_BEGINNING);
    for section in ProbedFile::Catalog.sections("", SectionKind::Table) {
        catalog_section(&mut page, &section);
    }
    page
}

fn configuration_section(page: &mut String, section: &ProbedSection, shipped: &ShippedKeys) {
    let name = section.name.as_str();
    let comment = shipped.sections.get(name).map_or("", String::as_str);
    let is_empty = section.keys.is_empty() && section.kind != SectionKind::Data;
    // A table that contains only tables needs no heading.
    if name.is_empty() || (is_empty && comment.is_empty()) {
        return;
    }
    heading(page, section, "##", comment);
    match name {
        "services" => page.push_str(OVERRIDDEN),
        "services.enforcement.classes" => return classes(page, name, shipped),
        _ if section.kind == SectionKind::Data => return names(page, name, shipped),
        _ => {}
    }
    page.push_str("\n| key | type | default | meaning | variable |\n|---|---|---|---|---|\n");
    for key in &section.keys {
        let (default, meaning) = shown(name, key, shipped);
        let (expected, key) = (cell(&key.expected), key.name.as_str());
        let variable = variable(name, key);
        assert_is_variable(&variable, name, key);
        writeln!(
            page,
            "| `{key}` | {expected} | {default} | {meaning} | `{variable}` |"
        )
        .unwrap();
    }
}

/// The default and the meaning of a key, as the shipped file shows them.
fn shown(section: &str, key: &ProbedKey, shipped: &ShippedKeys) -> (String, String) {
    let find = |section: &str| {
        let key = (section.to_owned(), key.name.clone());
        let shown = shipped.keys.get(&key);
        shown.unwrap_or_else(|| panic!("config.toml does not show {section}.{}", key.1))
    };
    let of_key = find(section);
    let commented = COMMENTED_IN.iter().find(|(of, _)| *of == section);
    let meaning = &commented.map_or(of_key, |(_, other)| find(other)).comment;
    assert!(
        !meaning.is_empty(),
        "config.toml: {section}.{} has no comment",
        key.name
    );
    let value = &of_key.value;
    let default = match (of_key.is_default, key.is_required) {
        (true, _) => format!("`{value}`"),
        (false, true) => format!("required; example: `{value}`"),
        (false, false) => format!("none; example: `{value}`"),
    };
    (cell(&default), cell(meaning))
}

/// A section in which every key is a name of the operator's.
fn names(page: &mut String, section: &str, shipped: &ShippedKeys) {
    let examples = shipped.keys.iter().filter(|((of, _), _)| of == section);
    let examples = examples.map(|((_, key), shown)| format!("`{key} = {}`", shown.value));
    let examples = examples.collect::<Vec<_>>().join(", ");
    assert!(
        !examples.is_empty(),
        "config.toml shows no key of {section}"
    );
    let variable = variable(section, "NAME");
    writeln!(
        page,
        "\nEvery key is a name. Example: {examples}. Variable: `{variable}`."
    )
    .unwrap();
}

/// The classes of violations; `docs/violations.md` explains them.
fn classes(page: &mut String, section: &str, shipped: &ShippedKeys) {
    let example = variable(section, "unknown-query");
    writeln!(
        page,
        "\nEvery key is a class of [violations.md](violations.md), and takes \"reject\", \"report\" or \
         \"off\". Variable: `{example}`, for example. Defaults:\n\n```toml"
    )
    .unwrap();
    for class in ViolationClass::ALL {
        let key = (section.to_owned(), class.as_str().to_owned());
        writeln!(page, "{class} = {}", shipped.keys[&key].value).unwrap();
    }
    page.push_str("```\n");
}

fn catalog_section(page: &mut String, section: &ProbedSection) {
    if section.keys.is_empty() {
        return;
    }
    heading(page, section, "###", "");
    page.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
    for ProbedKey {
        name: key,
        expected,
        is_required,
    } in &section.keys
    {
        let path = format!("{}.{key}", section.name);
        let row = CATALOG.iter().find(|(of, ..)| *of == path);
        let (_, default, meaning) = row.unwrap_or_else(|| panic!("say here what {path} means"));
        assert_eq!(*default == "required", *is_required, "{path}");
        let expected = cell(expected);
        writeln!(page, "| `{key}` | {expected} | {default} | {meaning} |").unwrap();
    }
}

fn heading(page: &mut String, section: &ProbedSection, level: &str, comment: &str) {
    let name = section.name.replace('*', "NAME");
    let title = match section.kind {
        SectionKind::List => format!("[[{name}]]"),
        SectionKind::Table | SectionKind::Data => format!("[{name}]"),
    };
    writeln!(page, "\n{level} {title}").unwrap();
    if !comment.is_empty() {
        writeln!(page, "\n{comment}").unwrap();
    }
}

fn variable(section: &str, key: &str) -> String {
    let section = section.replacen("services", "services.NAME", 1);
    let name = format!("PORTCULLIS_{section}.{key}");
    name.replace('.', "__").replace('-', "_").to_uppercase()
}

/// A variable of this name sets the key: the program judges its value.
#[track_caller]
fn assert_is_variable(variable: &str, section: &str, key: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, configuration("", "")).unwrap();
    let variable = variable.replace("NAME__", "A__");
    // Any text is right for some keys, and this is wrong for the others.
    let value = [(OsString::from(&variable), OsString::from("\u{1}"))];
    if let Err(errors) = load(Some(&path), value, &FlagOverrides::default()) {
        let unknown = errors.problems().iter().find(|problem| {
            let message = problem.message();
            message.starts_with("unknown") || message.contains("not a key")
        });
        assert!(
            unknown.is_none(),
            "{variable} for {section}.{key}: {unknown:?}"
        );
    }
}

#[test]
fn the_configuration_page_matches_the_program() {
    assert_page("docs/configuration.md", &page());
    let shipped = ShippedKeys::read(&read("config.toml"));
    assert!(shipped.keys.len() > 100, "{}", shipped.keys.len());
    let sections = ProbedFile::Catalog.sections("", SectionKind::Table);
    let known = |path: &str| {
        sections.iter().any(|section| {
            let mut keys = section.keys.iter();
            keys.any(|key| format!("{}.{}", section.name, key.name) == path)
        })
    };
    for (path, ..) in CATALOG {
        assert!(known(path), "the catalog has no key {path}");
    }
}
