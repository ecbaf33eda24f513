//! Checks a witness with the validators of both contracts.

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

/// One contract of a comparison, for checking a witness.
#[derive(Clone, Copy)]
pub(crate) struct ContractSide<'c> {
    pub(crate) contract: &'c CompiledContract,
    pub(crate) operation: &'c Operation,
    pub(crate) carrier: ValueCarrier<'c>,
    pub(crate) direction: MessageDirection,
    /// Whether the service calls the operation, which then has no path of this contract.
    pub(crate) is_outbound: bool,
    /// The template of the addresses to use, if they are fewer than those of the operation.
    pub(crate) address: Option<&'c str>,
}

/// Checks a value with both contracts: `sender` must allow it and `receiver` must refuse it.
/// Returns the violation that `receiver` reports.
///
/// # Errors
///
/// Returns the reason if the value does not demonstrate a break.
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

/// A value as its sender serializes it.
enum WitnessMessage {
    Body { media: String, text: String },
    Text(String),
}

impl WitnessMessage {
    fn of(sender: ContractSide<'_>, value: &Value) -> Result<Self, String> {
        Ok(match sender.carrier {
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
    /// The violations of the value in this contract, without violations of other parts.
    fn violations(self, message: &WitnessMessage) -> Result<Vec<Violation>, String> {
        let policy = policy();
        let limits = Limits::default();
        let rules = CheckSettings::new(&policy, &limits);
        let mut scratch = CheckScratch::default();
        let mut violations = Vec::new();
        match (self.carrier, message) {
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
            _ => return Err("the value is carried in another part of the message".to_owned()),
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
        let path = if self.is_outbound {
            "/".to_owned()
        } else {
            address(self, |name| match in_path {
                Some(text) if name == parameter.name => text.to_owned(),
                _ => "1".to_owned(),
            })
        };
        if !self.is_outbound {
            let found = self
                .contract
                .match_route(&self.operation.method, &path, &mut captures);
            let is_same_operation =
                |number: u32| std::ptr::eq(self.contract.operation(number), self.operation);
            if !matches!(found, RouteMatch::Found { operation } if is_same_operation(operation)) {
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

/// The address of an operation, with its parameters filled in: the given one, or that under the
/// first base path.
pub(super) fn address(side: ContractSide<'_>, fill: impl Fn(&str) -> String) -> String {
    let listing = side.contract.listing().into_iter();
    let paths = listing.filter(|(other, _)| std::ptr::eq(*other, side.operation));
    let template = side
        .address
        .or_else(|| paths.flat_map(|(_, paths)| paths).next())
        .unwrap_or(&side.operation.path);
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

/// Keeps only the violations of one parameter.
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

/// A policy that reports all schema violations and ignores credentials and undeclared parts.
fn policy() -> EnforcementPolicy {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Report,
        response: Enforcement::Report,
    };
    let disabled = [
        (ViolationClass::MissingCredentials, Enforcement::Off),
        (ViolationClass::UnknownQuery, Enforcement::Off),
        (ViolationClass::UnknownBodyProperty, Enforcement::Off),
    ];
    EnforcementPolicy::new(ceilings, disabled, 1.0)
}
