//! Approval tables for changes that need one: `diff --print-approvals`, `gate --print-approvals`.

use crate::cli::output::ReportWriter;

/// An approval that is still missing. Its owner fills in the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApprovalTemplate {
    pub(crate) fingerprint: String,
    /// The path of the contract, if it identifies the contract.
    pub(crate) contract: Option<String>,
    /// The service, if it is known.
    pub(crate) service: Option<String>,
    /// The change, for readers of the file.
    pub(crate) change: String,
    /// The squad that approves.
    pub(crate) owner: String,
}

impl ApprovalTemplate {
    /// Whether this table is for the same change of the same contract and squad.
    fn covers(&self, other: &Self) -> bool {
        let key = |template: &Self| {
            (
                template.fingerprint.clone(),
                template.contract.clone(),
                template.service.clone(),
                template.owner.clone(),
            )
        };
        key(self) == key(other)
    }
}

/// Prints each table once.
pub(crate) fn print_templates(
    templates: impl IntoIterator<Item = ApprovalTemplate>,
    out: &mut ReportWriter,
) {
    let mut printed: Vec<ApprovalTemplate> = Vec::new();
    for template in templates {
        if printed.iter().any(|earlier| earlier.covers(&template)) {
            continue;
        }
        out.line("[[approval]]");
        let mut line = |key: &str, value: &str| {
            out.line(format_args!("{key} = {}", toml_string(value)));
        };
        line("fingerprint", &template.fingerprint);
        if let Some(contract) = &template.contract {
            line("contract", contract);
        }
        if let Some(service) = &template.service {
            line("service", service);
        }
        line("change", &template.change);
        line("owner", &template.owner);
        out.line("reason = \"\"");
        out.line("# expires = \"2027-01-31\"");
        out.line("");
        printed.push(template);
    }
}

/// Text as a TOML basic string. JSON strings are that too, except for one character.
fn toml_string(value: &str) -> String {
    let quoted = serde_json::to_string(value).expect("a string has a JSON form");
    quoted.replace('\u{7f}', "\\u007f")
}
