//! Breaks of requests by their credentials.

use std::collections::BTreeSet;

use serde_json::Value;

use portcullis_contract::{CredentialSample, Violation, ViolationClass};

use super::super::operation_diff::{credential_signature, is_certificate};
use super::super::witness::{MessageJudge, RequestChoices};
use super::break_evidence::BreakEvidence;
use super::break_sides::BreakSides;
use super::request_breaks::TriedRequests;

impl<'c> BreakSides<'c> {
    /// A request whose credentials suffice only for the sender. `before` names the schemes of the
    /// alternative, if there is one.
    pub(super) fn credentials(self, before: Option<&str>) -> BreakEvidence {
        let alternatives = alternatives(self.sender);
        let wanted = before.map(scheme_names);
        let mut choices: Vec<RequestChoices<'_>> = Vec::new();
        for (number, names) in alternatives.iter().enumerate() {
            if wanted.as_ref().is_none_or(|wanted| wanted == names) {
                choices.push(RequestChoices {
                    credentials: number,
                    ..RequestChoices::default()
                });
            }
        }
        if choices.is_empty() {
            choices.push(RequestChoices {
                credentials: usize::MAX,
                ..RequestChoices::default()
            });
        }
        let choices = choices.into_iter().map(|choices| (None, choices));
        let is_missing =
            |violation: &Violation| violation.class == ViolationClass::MissingCredentials;
        match self.first_refused(choices, &is_missing) {
            TriedRequests::Shown(evidence) => evidence,
            // No message shows the certificate that the receiver may ask for.
            TriedRequests::Accepted(_) if needs_certificate(self.receiver) => {
                BreakEvidence::Unshown(format!(
                    "{} asks for a client certificate, which is not part of a message",
                    self.receiver_name
                ))
            }
            // Of API keys nothing but the name is declared, so the example is decisive.
            TriedRequests::Accepted(line) if wanted.as_ref().is_some_and(are_api_keys) => {
                BreakEvidence::Refuted(self.accepted(&line))
            }
            TriedRequests::Accepted(_) => BreakEvidence::unshown(
                "the credentials look the same in both contracts, and tokens are not read",
            ),
            TriedRequests::Impossible(reason) => BreakEvidence::Unshown(reason),
        }
    }

    /// A request with an API key of this text.
    pub(super) fn with_key(self, part: &str, name: &str, value: &Value) -> RequestChoices<'c> {
        let is_it = |known: &CredentialSample| {
            known.part.as_str() == part && known.name.eq_ignore_ascii_case(name)
        };
        let alternatives = self.sender.operation.credential_samples();
        let found = alternatives.into_iter().enumerate();
        let mut found =
            found.filter_map(|(number, all)| Some((number, all.into_iter().find(is_it)?)));
        let Some((credentials, key)) = found.next() else {
            return RequestChoices::default();
        };
        RequestChoices {
            credentials,
            key: Some(CredentialSample {
                value: value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
                ..key
            }),
            ..RequestChoices::default()
        }
    }
}

/// The names of the schemes of each security alternative of an operation.
fn alternatives(judge: MessageJudge<'_>) -> Vec<BTreeSet<String>> {
    let documents = judge.contract.documents();
    let operation = documents.node(judge.operation.node_ref);
    let list = operation
        .get("security")
        .or_else(|| documents.entry().root().get("security"));
    let all = list.into_iter().flat_map(|list| list.elements());
    all.map(|one| {
        let names = one.members().map(|(name, _)| name);
        names
            .map(|name| credential_signature(judge.contract, name))
            .collect()
    })
    .collect()
}

/// Whether an alternative of an operation has a client certificate.
fn needs_certificate(judge: MessageJudge<'_>) -> bool {
    let mut names = alternatives(judge).into_iter().flatten();
    names.any(|name| is_certificate(&name))
}

fn are_api_keys(names: &BTreeSet<String>) -> bool {
    names.iter().all(|name| name.starts_with("the "))
}

/// The names in a description such as `key and token [read, write]`.
fn scheme_names(described: &str) -> BTreeSet<String> {
    let names = described.split(" and ");
    names
        .map(|name| name.split(" [").next().unwrap_or(name).to_owned())
        .collect()
}
