//! Approval tables for changes that need one: `diff --print-approvals`, `gate --print-approvals`.

use crate::cli::output::ReportWriter;

/// An approval that is still missing. Its owner fills in the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApprovalTemplate {
    pub(crate) fingerprint: String,
    /// The change, for readers of the file.
    pub(crate) change: String,
    /// The squad that approves.
    pub(crate) owner: String,
}

/// Prints each table once.
pub(crate) fn print_templates(
    templates: impl IntoIterator<Item = ApprovalTemplate>,
    out: &mut ReportWriter,
) {
    let mut printed: Vec<(String, String)> = Vec::new();
    for template in templates {
        let ApprovalTemplate {
            fingerprint,
            change,
            owner,
        } = template;
        let key = (fingerprint, owner);
        if printed.contains(&key) {
            continue;
        }
        out.line("[[approval]]");
        out.line(format_args!("fingerprint = {}", toml_string(&key.0)));
        out.line(format_args!("change = {}", toml_string(&change)));
        out.line(format_args!("owner = {}", toml_string(&key.1)));
        out.line("reason = \"\"");
        out.line("# expires = \"2027-01-31\"");
        out.line("");
        printed.push(key);
    }
}

/// Text as a TOML basic string. JSON strings are that too, except for one character.
fn toml_string(value: &str) -> String {
    let quoted = serde_json::to_string(value).expect("a string has a JSON form");
    quoted.replace('\u{7f}', "\\u007f")
}
