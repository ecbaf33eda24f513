//! The files that `portcullis init` writes.

use std::fmt::Write;

use portcullis_vocabulary::ContractReading;

use super::first_facts::FirstFacts;

/// A file with its text.
pub(super) struct FirstFile {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// The name of the configuration.
pub(super) const CONFIG: &str = "config.toml";
const CATALOG: &str = "squads.toml";
/// The name of the pipeline step.
pub(super) const PIPELINE: &str = "portcullis-ci.sh";

/// What each squad needs and no file says.
const SQUAD_GAPS: &str = "\
# GAP: the highest tier that its traffic may claim: gold, silver or bronze
tier = \"bronze\"
# GAP: whom refusals and alerts name
# oncall = \"\"
# chat = \"\"
# email = \"\"
";

/// All files.
pub(super) fn first_files(facts: &FirstFacts) -> [FirstFile; 3] {
    let file = |name, text| FirstFile { name, text };
    [
        file(CONFIG, config(facts)),
        file(CATALOG, catalog(facts)),
        file(PIPELINE, pipeline(facts)),
    ]
}

fn config(facts: &FirstFacts) -> String {
    let reading = match facts.reading {
        ContractReading::Strict => "",
        ContractReading::Tolerant => "contract_reading = \"tolerant\"\n",
    };
    let squad_gap = match facts.squad_source {
        Some(_) => "",
        None => "# GAP: the squad that provides the service, as in squads.toml\n",
    };
    format!(
        "\
# Written by `portcullis init`. `portcullis config show` lists every key with its default, and
# `portcullis config check` says whether a start would work.

[catalog]
path = {catalog}

# Callers name their squad in x-squad-owner. Only callers in these networks are believed.
# GAP: add the network of your callers, for example that of the pods.
[identity]
trusted_peers = [\"127.0.0.0/8\", \"::1\"]

[[services]]
name = {service}
{squad_gap}squad = {squad}
contract = {contract}
upstream = {upstream}
{reading}
# What violates the contract: \"reject\" refuses it, \"report\" only counts it.
[services.enforcement]
request = \"reject\"
response = \"report\"
",
        catalog = quoted(CATALOG),
        service = quoted(&facts.service),
        squad = quoted(&facts.squad),
        contract = quoted(&facts.contract),
        upstream = quoted(&facts.upstream),
    )
}

fn catalog(facts: &FirstFacts) -> String {
    let mut text = String::from(
        "# Written by `portcullis init`. Who owns what: squads, their services and paths.\n",
    );
    let service = format!("services = [{}]\n", quoted(&facts.service));
    let provider = format!("[squads.{}]", key(&facts.squad));
    let mut has_provider = false;
    if let Some((_, imported)) = &facts.imported {
        for line in imported.lines() {
            let _ = writeln!(text, "{line}");
            if line.starts_with("[squads.") {
                text.push_str(SQUAD_GAPS);
            }
            if line == provider {
                has_provider = true;
                text.push_str(&service);
            }
        }
    }
    if !has_provider {
        let _ = writeln!(text, "\n{provider}");
        text.push_str(SQUAD_GAPS);
        text.push_str(&service);
        text.push_str("# GAP: the paths of the repository that the squad owns\n");
        let is_free = !facts.is_owned && !facts.repository_contract.starts_with("../");
        let mark = if is_free { "" } else { "# " };
        let _ = writeln!(
            text,
            "{mark}paths = [{}]",
            quoted(&facts.repository_contract)
        );
    }
    text
}

fn pipeline(facts: &FirstFacts) -> String {
    let contract = shell_quoted(&facts.repository_contract);
    let reading = match facts.reading {
        ContractReading::Strict => "",
        ContractReading::Tolerant => " --reading tolerant",
    };
    format!(
        "\
#!/bin/sh
# Written by `portcullis init`. A step of the pipeline: refuses a contract that is invalid, and a change
# that breaks its clients. It needs `portcullis` on the path and the history of the base.
#
#   portcullis-ci.sh [BASE]          default: origin/main
set -eu
base=${{1:-origin/main}}
root=$(git rev-parse --show-toplevel)
cd \"$root\"
if ! git rev-parse --quiet --verify \"$base^{{commit}}\" >/dev/null; then
    echo \"$0: there is no revision $base: fetch it, or name the base of the change\" >&2
    exit 2
fi
contract={contract}
format=text
if [ -n \"${{GITHUB_ACTIONS:-}}\" ]; then format=github; fi
portcullis check{reading} --format \"$format\" \"$contract\"
# A new contract breaks no client.
if git cat-file -e \"$base:$contract\" 2>/dev/null; then
    portcullis diff{reading} --format \"$format\" \"$base:$contract\" \"$contract\"
fi
"
    )
}

/// A basic string of TOML. A JSON string is a valid one.
fn quoted(text: &str) -> String {
    // DEL is the only control character that JSON allows and TOML does not.
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

fn key(squad: &str) -> String {
    if squad.contains('.') {
        quoted(squad)
    } else {
        squad.to_owned()
    }
}

/// One word of a shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
