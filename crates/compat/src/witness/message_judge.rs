//! Judges whole messages with the validators of one contract.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use portcullis_contract::route::PathCaptures;
use portcullis_contract::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompiledContract, Operation, RequestHead,
    ResponseHead, Violation, check_body, check_head, check_response_body, check_response_head,
    find_operation,
};
use portcullis_vocabulary::enforcement::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass,
};
use portcullis_vocabulary::limits::Limits;

use super::witness_message::{WitnessRequest, WitnessResponse};

/// The most violations of a message to look at.
const VIOLATIONS_MAX: usize = 2_000;

/// An operation of one contract that judges messages.
#[derive(Clone, Copy)]
pub(crate) struct MessageJudge<'c> {
    pub(crate) contract: &'c CompiledContract,
    pub(crate) operation: &'c Operation,
    /// The method of the requests. `HEAD` requests may be served by a `GET` operation.
    pub(crate) method: &'c Method,
    /// Whether the service calls the operation, which then has no path of this contract.
    pub(crate) is_outbound: bool,
    /// The template of the addresses to use, if they are fewer than those of the operation.
    pub(crate) address: Option<&'c str>,
}

impl<'c> MessageJudge<'c> {
    /// All violations of a request to the operation.
    ///
    /// # Errors
    ///
    /// Returns the reason if the request cannot be sent or does not reach the operation.
    pub(crate) fn request(self, request: &WitnessRequest) -> Result<Vec<Violation>, String> {
        let mut captures = PathCaptures::default();
        let (path, _) = request.path_and_query();
        if !self.is_outbound {
            let found = find_operation(self.contract, self.method, path, &mut captures);
            let is_reached = found
                .is_ok_and(|number| std::ptr::eq(self.contract.operation(number), self.operation));
            if !is_reached {
                return Err(format!("`{path}` does not reach the operation"));
            }
        }
        violations(self.contract, self.operation, request, &captures)
    }

    /// All violations of a request by the contract, whichever operation serves it. Returns the
    /// operation, too.
    ///
    /// # Errors
    ///
    /// Returns the reason if the request cannot be sent.
    pub(crate) fn anywhere(
        contract: &'c CompiledContract,
        request: &WitnessRequest,
    ) -> Result<(Option<&'c Operation>, Vec<Violation>), String> {
        let mut captures = PathCaptures::default();
        let (path, _) = request.path_and_query();
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| "the method cannot be sent".to_owned())?;
        match find_operation(contract, &method, path, &mut captures) {
            Ok(number) => {
                let operation = contract.operation(number);
                let found = violations(contract, operation, request, &captures)?;
                Ok((Some(operation), found))
            }
            Err(unmatched) => Ok((None, vec![unmatched.violation(contract, &method, path)])),
        }
    }

    /// All violations of a response of the operation.
    ///
    /// # Errors
    ///
    /// Returns the reason if the response cannot be sent.
    pub(crate) fn response(self, response: &WitnessResponse) -> Result<Vec<Violation>, String> {
        let policy = policy();
        let limits = Limits::default();
        let settings = settings(&policy, &limits);
        let mut scratch = CheckScratch::default();
        let mut found = Vec::new();
        let headers = header_map(&response.headers)?;
        let head = ResponseHead {
            status: response.status,
            headers: &headers,
            body: length(response.body.as_deref()),
            is_to_head: self.method == Method::HEAD,
        };
        let Self {
            contract,
            operation,
            ..
        } = self;
        let plan = check_response_head(
            contract,
            operation,
            head,
            settings,
            &mut scratch,
            &mut found,
        );
        if let (Some(media), Some(body)) = (plan.media(), &response.body) {
            let bytes = body.as_bytes();
            check_response_body(
                contract,
                media,
                &headers,
                bytes,
                settings,
                &mut scratch,
                &mut found,
            );
        }
        decided(found)
    }
}

fn violations(
    contract: &CompiledContract,
    operation: &Operation,
    request: &WitnessRequest,
    captures: &PathCaptures,
) -> Result<Vec<Violation>, String> {
    let policy = policy();
    let limits = Limits::default();
    let settings = settings(&policy, &limits);
    let mut scratch = CheckScratch::default();
    let mut found = Vec::new();
    let headers = header_map(&request.headers)?;
    let (path, query) = request.path_and_query();
    let head = RequestHead {
        path,
        query,
        headers: &headers,
        captures,
        body: length(request.body.as_deref()),
    };
    let plan = check_head(
        contract,
        operation,
        head,
        settings,
        &mut scratch,
        &mut found,
    );
    if !matches!(plan, BodyPlan::Stream) {
        let bytes = request.body.as_deref().unwrap_or_default().as_bytes();
        check_body(
            contract,
            plan,
            &headers,
            bytes,
            settings,
            &mut scratch,
            &mut found,
        );
    }
    decided(found)
}

/// The violations that do not depend on a part of the contract that cannot be read.
///
/// # Errors
///
/// Returns the reason if the verdict depends on such a part.
fn decided(mut found: Vec<Violation>) -> Result<Vec<Violation>, String> {
    let is_unread = |violation: &Violation| violation.class.is_unreadable();
    let unread = found.iter().find(|one| is_unread(one));
    let reason = unread.map(|violation| violation.message.clone());
    found.retain(|violation| !is_unread(violation));
    match reason {
        Some(reason) if found.is_empty() => Err(reason),
        _ => Ok(found),
    }
}

fn length(body: Option<&str>) -> BodyLength {
    match body {
        None | Some("") => BodyLength::Absent,
        Some(_) => BodyLength::Known,
    }
}

fn header_map(fields: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| "the value cannot stand in a header field".to_owned())?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Settings with which the violation in question is found, however many others there are.
fn settings<'p>(policy: &'p EnforcementPolicy, limits: &Limits) -> CheckSettings<'p> {
    CheckSettings {
        violations_max: VIOLATIONS_MAX,
        ..CheckSettings::new(policy, limits)
    }
}

/// A policy that reports everything except parts of the request that the contract does not declare.
fn policy() -> EnforcementPolicy {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Report,
        response: Enforcement::Report,
    };
    let disabled = [
        (ViolationClass::UnknownQuery, Enforcement::Off),
        (ViolationClass::UnknownBodyProperty, Enforcement::Off),
    ];
    EnforcementPolicy::new(ceilings, disabled, 1.0)
}
