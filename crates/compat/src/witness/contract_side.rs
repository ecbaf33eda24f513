//! The validators of both contracts as judges of a witness.

use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompiledContract, MediaType,
    MessageDirection, MessagePart, Operation, Parameter, RequestHead, ResponseHead, Violation,
    check_body, check_head, check_response_body, check_response_head,
};
use portcullis_vocabulary::enforcement::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass,
};
use portcullis_vocabulary::limits::Limits;

use super::serialise;

/// What carries a value, in one contract.
#[derive(Clone, Copy)]
pub(crate) enum ValueCarrier<'c> {
    Body(&'c MediaType),
    Parameter(&'c Parameter),
    Header(&'c Parameter, u16),
}

/// One side of a comparison, as a judge sees it.
#[derive(Clone, Copy)]
pub(crate) struct ContractSide<'c> {
    pub(crate) contract: &'c CompiledContract,
    pub(crate) operation: &'c Operation,
    pub(crate) carried: ValueCarrier<'c>,
    pub(crate) direction: MessageDirection,
    /// Whether the operation is called by the service, and so has no path of its own.
    pub(crate) is_outbound: bool,
}

/// Has both contracts judge a value: `sender` must allow it, `receiver` must not. The words of
/// the refusal.
///
/// # Errors
/// Why the value shows nothing.
pub(crate) fn verify(
    sender: ContractSide<'_>,
    receiver: ContractSide<'_>,
    value: &Value,
) -> Result<String, String> {
    let message = WitnessMessage::of(sender, value)?;
    if let Some(violation) = sender.violations(&message)?.first() {
        let words = violation.sentence(true);
        return Err(format!(
            "the contract that should allow the example refuses it: {words}"
        ));
    }
    match receiver.violations(&message)?.first() {
        Some(violation) => Ok(violation.sentence(true)),
        None => Err("the contract that should refuse the example allows it".to_owned()),
    }
}

/// A value as its sender writes it.
enum WitnessMessage {
    Body { media: String, text: String },
    Text(String),
}

impl WitnessMessage {
    fn of(sender: ContractSide<'_>, value: &Value) -> Result<Self, String> {
        Ok(match sender.carried {
            ValueCarrier::Body(media) => {
                let (media, text) = serialise::body(media, value)?;
                Self::Body { media, text }
            }
            ValueCarrier::Header(parameter, _) => {
                Self::Text(serialise::in_header(parameter, value))
            }
            ValueCarrier::Parameter(parameter) => Self::Text(match parameter.part {
                MessagePart::Path => serialise::in_path(parameter, value),
                MessagePart::Query => serialise::in_query(parameter, value),
                _ => serialise::in_header(parameter, value),
            }),
        })
    }
}

impl ContractSide<'_> {
    /// What is wrong with the value in this contract, and with nothing else.
    fn violations(self, message: &WitnessMessage) -> Result<Vec<Violation>, String> {
        let policy = policy();
        let limits = Limits::default();
        let rules = CheckSettings::new(&policy, &limits);
        let mut scratch = CheckScratch::default();
        let mut violations = Vec::new();
        match (self.carried, message) {
            (ValueCarrier::Body(media), WitnessMessage::Body { media: kind, text }) => {
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, value_of(kind)?)]);
                let bytes = text.as_bytes();
                let Self { contract, .. } = self;
                match self.direction {
                    MessageDirection::Request => {
                        let plan = BodyPlan::Judge(media);
                        check_body(
                            contract,
                            plan,
                            &headers,
                            bytes,
                            rules,
                            &mut scratch,
                            &mut violations,
                        );
                    }
                    MessageDirection::Response => check_response_body(
                        contract,
                        media,
                        &headers,
                        bytes,
                        rules,
                        &mut scratch,
                        &mut violations,
                    ),
                }
            }
            (ValueCarrier::Header(header, status), WitnessMessage::Text(text)) => {
                let name = HeaderName::from_bytes(header.name.as_bytes())
                    .map_err(|error| error.to_string())?;
                let headers = HeaderMap::from_iter([(name, value_of(text)?)]);
                let head = ResponseHead {
                    status,
                    headers: &headers,
                    body: BodyLength::Absent,
                    is_to_head: false,
                };
                check_response_head(
                    self.contract,
                    self.operation,
                    head,
                    rules,
                    &mut scratch,
                    &mut violations,
                );
                retain_violations_of(&mut violations, header);
            }
            (ValueCarrier::Parameter(parameter), WitnessMessage::Text(text)) => {
                self.head(parameter, text, rules, &mut scratch, &mut violations)?;
                retain_violations_of(&mut violations, parameter);
            }
            _ => return Err("the value travels in another way".to_owned()),
        }
        Ok(violations)
    }

    fn head(
        self,
        parameter: &Parameter,
        text: &str,
        rules: CheckSettings<'_>,
        scratch: &mut CheckScratch,
        violations: &mut Vec<Violation>,
    ) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        let (mut query, mut in_path) = (None, None);
        match parameter.part {
            MessagePart::Query => query = Some(text),
            MessagePart::Path => in_path = Some(text),
            MessagePart::Cookie => {
                headers.insert(COOKIE, value_of(&format!("{}={text}", parameter.name))?);
            }
            _ => {
                let name = HeaderName::from_bytes(parameter.name.as_bytes())
                    .map_err(|error| error.to_string())?;
                headers.insert(name, value_of(text)?);
            }
        }
        let mut captures = PathCaptures::default();
        let path = match self.is_outbound {
            true => "/".to_owned(),
            false => address(self.contract, self.operation, |name| match in_path {
                Some(text) if name == parameter.name => text.to_owned(),
                _ => "1".to_owned(),
            }),
        };
        if !self.is_outbound {
            let found = self
                .contract
                .match_route(&self.operation.method, &path, &mut captures);
            let is_it = |number: u32| std::ptr::eq(self.contract.operation(number), self.operation);
            if !matches!(found, RouteMatch::Found { operation } if is_it(operation)) {
                return Err(format!("`{path}` does not reach the operation"));
            }
        }
        let head = RequestHead {
            path: &path,
            query,
            headers: &headers,
            captures: &captures,
            body: BodyLength::Absent,
        };
        check_head(
            self.contract,
            self.operation,
            head,
            rules,
            scratch,
            violations,
        );
        Ok(())
    }
}

/// The address of an operation under its first base, with its expressions filled in.
pub(super) fn address(
    contract: &CompiledContract,
    operation: &Operation,
    fill: impl Fn(&str) -> String,
) -> String {
    let listing = contract.listing().into_iter();
    let paths = listing.filter(|(other, _)| std::ptr::eq(*other, operation));
    let template = paths
        .flat_map(|(_, paths)| paths)
        .next()
        .unwrap_or(&operation.path);
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(&fill(name));
        rest = after;
    }
    path.push_str(rest);
    path
}

fn value_of(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "the value cannot stand in a header field".to_owned())
}

/// Keeps what is wrong with one parameter: the others are not what is shown.
fn retain_violations_of(violations: &mut Vec<Violation>, parameter: &Parameter) {
    violations.retain(|violation| {
        let is_named = violation
            .name
            .as_deref()
            .is_some_and(|name| match parameter.part {
                MessagePart::Header => name.eq_ignore_ascii_case(&parameter.name),
                _ => name == parameter.name,
            });
        is_named && violation.part == parameter.part
    });
}

/// Everything that a schema says counts; who calls, and what else is sent, does not.
fn policy() -> EnforcementPolicy {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Report,
        response: Enforcement::Report,
    };
    let free = [
        (ViolationClass::MissingCredentials, Enforcement::Off),
        (ViolationClass::UnknownQuery, Enforcement::Off),
        (ViolationClass::UnknownBodyProperty, Enforcement::Off),
    ];
    EnforcementPolicy::new(ceilings, free, 1.0)
}
