//! Decides which findings need an example, and who sends it.

use portcullis_contract::{CompiledContract, MessageDirection, MessagePart, Operation, Violation};

use serde_json::Value;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangePlace, ChangeSubject, CompatFinding, ExchangePart};
use super::super::diff_rule::{ChangeArea, ChangeCategory};
use super::super::operation_diff::{ContractComparison, OperationPair, TOO_MANY_MESSAGES};
use super::super::witness::{MessageJudge, RequestChoices, WitnessRequest, build_request};
use super::break_evidence::BreakEvidence;
use super::break_sides::BreakSides;
use super::event_breaks::event_break;
use super::request_breaks::accepted;

/// Operations that are tried for a base path.
const BASE_PATH_TRIES_MAX: usize = 16;

/// Looks for messages that show the breaks that rules claim.
pub(crate) fn demonstrate_rule_breaks(comparison: &mut ContractComparison<'_>) {
    let mut findings = std::mem::take(&mut comparison.findings);
    let demonstration = RuleDemonstration { comparison };
    let mut harmless = Vec::new();
    for finding in findings.iter_mut().filter(|finding| is_claimed(finding)) {
        if let Some(evidence) = demonstration.evidence(finding) {
            harmless.extend(
                matches!(evidence, BreakEvidence::Harmless).then(|| finding.first().clone()),
            );
            evidence.apply(finding);
        }
    }
    // All values were tried, so the schemas of the same parameters refuse none.
    for site in &mut comparison.schema_sites {
        let is_of_site =
            |place: &ChangePlace| place.subject == site.subject && place.location.part == site.part;
        site.is_read &= !harmless.iter().any(is_of_site);
    }
    comparison.findings = findings;
}

/// Whether a finding claims that a message breaks. Lifecycle rules are about promises.
fn is_claimed(finding: &CompatFinding) -> bool {
    let is_break = finding.level == ChangeLevel::Breaking
        || matches!(
            finding.rule.id,
            "parameter.empty.refused" | "media-type.encoding.changed"
        );
    let is_of_messages = !matches!(finding.rule.area, ChangeArea::Schema | ChangeArea::Document)
        && finding.rule.kind != ChangeCategory::Lifecycle;
    is_break && is_of_messages && finding.certainty == ChangeCertainty::Rule
}

struct RuleDemonstration<'d, 'c> {
    comparison: &'d ContractComparison<'c>,
}

impl<'c> RuleDemonstration<'_, 'c> {
    fn evidence(&self, finding: &CompatFinding) -> Option<BreakEvidence> {
        match finding.rule.id {
            "operation.removed"
            | "operation.removed-before-sunset"
            | "operation.address.refused"
            | "parameter.path.declared" => {
                return self.refused_address(finding);
            }
            "server.base-path.removed" => {
                return Some(self.removed_base_path(finding.before.as_deref().unwrap_or_default()));
            }
            "webhook.removed" | "callback.removed" => {
                return Some(BreakEvidence::unshown(
                    "the service no longer sends the request, so no message is refused",
                ));
            }
            "parameter.removed-before-sunset" => {
                return Some(BreakEvidence::unshown(
                    "parameters that a contract does not declare are ignored",
                ));
            }
            rule if rule.starts_with("event.") => {
                return event_break(finding, [self.comparison.old, self.comparison.new]);
            }
            _ => {}
        }
        let pairs = self.comparison.operation_pairs.iter();
        let pairs = pairs.filter(|(subject, _)| *subject == finding.first().subject);
        let mut best = None;
        for (_, pair) in pairs {
            if !self.comparison.spend_message(*pair) {
                return Some(BreakEvidence::unshown(TOO_MANY_MESSAGES));
            }
            let evidence = self.of_pair(finding, *pair)?;
            if matches!(evidence, BreakEvidence::Shown(_)) || best.is_none() {
                best = Some(evidence);
            }
        }
        best
    }

    fn of_pair(&self, finding: &CompatFinding, pair: OperationPair<'c>) -> Option<BreakEvidence> {
        let rule = finding.rule.id;
        let is_promise = rule.starts_with("status.removed.")
            || (rule == "media-type.removed"
                && finding.direction == Some(MessageDirection::Response));
        let direction = finding.direction.unwrap_or(MessageDirection::Request);
        let contracts = [self.comparison.old, self.comparison.new];
        let takeover = self.comparison.takeover(pair);
        let sides = BreakSides::new(contracts, pair, takeover, direction, is_promise);
        if rule == "media-type.encoding.changed" {
            let headers = self.refused_values(finding);
            return sides.field_encoding(&finding.first().location, &headers);
        }
        Some(match &*finding.first().location.part {
            ExchangePart::NoPart if finding.rule.area == ChangeArea::Security => {
                let is_alternative = rule != "security.required";
                let sent = match rule {
                    "security.alternative.added" => finding.after.as_deref(),
                    _ => finding.before.as_deref(),
                };
                sides.credentials(sent.filter(|_| is_alternative))
            }
            ExchangePart::NoPart | ExchangePart::Event => return None,
            ExchangePart::Parameter { part, name } if rule == "parameter.name-taken" => {
                let taker = finding.after.as_deref().unwrap_or_default();
                let taker = taker.rsplit("parameter ").next().unwrap_or_default();
                sides.name_taken([part, name], taker, self.refused_values(finding))
            }
            ExchangePart::Parameter { part, name } => sides.parameter(rule, [part, name]),
            ExchangePart::RequestBody(media) => {
                sides.request_body(rule, media.as_deref(), self.refused_values(finding))
            }
            ExchangePart::Response {
                status,
                media: Some(media),
            } => sides.response_media(rule, status, media, self.refused_values(finding)),
            ExchangePart::Response {
                status,
                media: None,
            } => sides.status(status),
            ExchangePart::Header { status, name } => sides.header(rule, status, name),
        })
    }

    /// The values that a schema of this finding refuses.
    fn refused_values(&self, finding: &CompatFinding) -> Vec<Value> {
        let first = finding.first();
        let all = self.comparison.refused_values.iter();
        let own = all.filter(|known| {
            known.rule == finding.rule.id
                && known.subject == first.subject
                && known.location == first.location
        });
        own.map(|known| known.value.clone()).collect()
    }

    /// A request to an address that the newer contract does not serve any more.
    fn refused_address(&self, finding: &CompatFinding) -> Option<BreakEvidence> {
        let subject = &finding.first().subject;
        let mut known = self.comparison.refused_addresses.iter();
        let known = known.find(|known| {
            known.rule == finding.rule.id
                && known.subject == *subject
                && known.part == *finding.first().location.part
        });
        let Some(known) = known else {
            return self.removed_operation(subject);
        };
        let judge = MessageJudge {
            contract: self.comparison.old,
            operation: known.operation,
            method: &known.method,
            is_outbound: false,
            address: Some(&known.address),
        };
        let built = build_request(judge, RequestChoices::default()).and_then(accepted);
        Some(match built {
            Err(reason) => BreakEvidence::Unshown(reason),
            Ok(built) => self.served_elsewhere(built.request),
        })
    }

    /// A request to an operation that the newer contract does not have any more.
    fn removed_operation(&self, subject: &ChangeSubject) -> Option<BreakEvidence> {
        let ChangeSubject::Operation { path, method } = subject else {
            return None;
        };
        let is_it = |operation: &&Operation| {
            *operation.path == **path && operation.method.as_str() == method
        };
        let operation = self.comparison.old.operations.iter().find(is_it)?;
        let built = self.request_to(operation, 0);
        Some(match built {
            Err(reason) => BreakEvidence::Unshown(reason),
            Ok(request) => self.served_elsewhere(request),
        })
    }

    fn served_elsewhere(&self, request: WitnessRequest) -> BreakEvidence {
        match MessageJudge::anywhere(self.comparison.new, &request) {
            Err(reason) => BreakEvidence::Unshown(reason),
            Ok((other, violations)) => match (of_path(&violations), other) {
                (Some(violation), _) => BreakEvidence::of_request(None, request, violation),
                (None, Some(other)) => BreakEvidence::Refuted(format!(
                    "{} {} of the newer contract accepts the example {}",
                    other.method,
                    other.path,
                    request.line()
                )),
                (None, None) => BreakEvidence::unshown("the newer contract has no answer"),
            },
        }
    }

    /// A request to an address below a base path that is gone.
    fn removed_base_path(&self, shown: &str) -> BreakEvidence {
        let base = if shown == "/" { "" } else { shown };
        let old: &'c CompiledContract = self.comparison.old;
        let mut reason = "no operation has an address below the base path".to_owned();
        let mut tries = 0;
        for (operation, addresses) in old.listing() {
            for (number, address) in addresses.iter().enumerate() {
                let is_below = address.strip_prefix(base) == Some(&operation.path);
                if !is_below || tries == BASE_PATH_TRIES_MAX {
                    continue;
                }
                tries += 1;
                let request = match self.request_to(operation, number) {
                    Ok(request) => request,
                    Err(unbuilt) => {
                        reason = unbuilt;
                        continue;
                    }
                };
                match MessageJudge::anywhere(self.comparison.new, &request) {
                    Ok((None, violations)) if !violations.is_empty() => {
                        return BreakEvidence::of_request(None, request, &violations[0]);
                    }
                    _ => reason = "the newer contract serves the addresses that were tried".into(),
                }
            }
        }
        BreakEvidence::Unshown(reason)
    }

    /// A complete request to an operation of the older contract.
    fn request_to(
        &self,
        operation: &'c Operation,
        address: usize,
    ) -> Result<WitnessRequest, String> {
        let judge = MessageJudge {
            contract: self.comparison.old,
            operation,
            method: &operation.method,
            is_outbound: false,
            address: None,
        };
        let choices = RequestChoices {
            address,
            ..RequestChoices::default()
        };
        Ok(accepted(build_request(judge, choices)?)?.request)
    }
}

/// The violation of the path, or else the first one.
fn of_path(violations: &[Violation]) -> Option<&Violation> {
    let mut of_path = violations.iter();
    let of_path = of_path.find(|violation| violation.part == MessagePart::Path);
    of_path.or(violations.first())
}
