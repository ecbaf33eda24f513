//! The routes of contracts and of the configuration.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::contract_control::{ChangeFuture, ContractControl, ContractFault, ContractUpload};
use super::contract_view::{
    ConfigReloadView, ConfigResult, ContractView, ReloadView, RevisionResult,
};
use crate::admin::admin_access::is_bundle;
use crate::admin::admin_body;
use crate::admin::admin_response::{AdminRefusal, AdminResponse, json};
use crate::admin::admin_state::{AdminState, Operator};
use crate::admin::name_lookup::unknown_name;

/// The body of a request that needs no parameters, shown in errors.
const EXAMPLE: &str = "{}";

/// The longest name of a proposed contract, in bytes.
const NAME_BYTES_MAX: usize = 255;

#[derive(Serialize)]
struct ContractsView {
    services: Vec<ContractView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyRequest {}

/// The contracts of all services.
pub(in crate::admin) fn all(admin: &AdminState) -> AdminResponse {
    json(&ContractsView {
        services: admin.contracts.services(),
    })
}

/// The contract of one service.
pub(in crate::admin) fn one(
    admin: &AdminState,
    service: &str,
) -> Result<AdminResponse, AdminRefusal> {
    let mut services = admin.contracts.services().into_iter();
    let view = services.find(|view| view.service == service);
    let view = view.ok_or(ContractFault::UnknownService);
    view.map(|view| json(&view))
        .map_err(|fault| refusal(admin, service, fault))
}

/// Reloads a contract.
pub(in crate::admin) async fn reload(
    admin: &AdminState,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    expect_empty(bytes)?;
    let done = run(admin, |contracts| contracts.reload(service)).await;
    log_and_respond(admin, operator, "reload", service, done)
}

/// Starts a candidate from the request body.
pub(in crate::admin) async fn propose(
    admin: &AdminState,
    operator: Operator,
    service: &str,
    head: &Parts,
    bytes: Vec<u8>,
) -> Result<AdminResponse, AdminRefusal> {
    let name = file_name(head.uri.query())?;
    if bytes.trim_ascii().is_empty() {
        return Err(AdminRefusal::new(
            StatusCode::BAD_REQUEST,
            "the body is empty; send the contract, for example with \
             `curl --data-binary @openapi.yaml`",
        ));
    }
    let upload = ContractUpload {
        bytes: Bytes::from(bytes),
        name,
        is_bundle: is_bundle(&head.headers),
    };
    let done = run(admin, |contracts| contracts.propose(service, upload)).await;
    log_and_respond(admin, operator, "propose", service, done)
}

/// The report of the candidate.
pub(in crate::admin) fn candidate(
    admin: &AdminState,
    service: &str,
) -> Result<AdminResponse, AdminRefusal> {
    let view = admin.contracts.candidate(service);
    view.map(|view| json(&view))
        .map_err(|fault| refusal(admin, service, fault))
}

/// Activates the candidate.
pub(in crate::admin) async fn promote(
    admin: &AdminState,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    expect_empty(bytes)?;
    let done = run(admin, |contracts| contracts.promote(service)).await;
    log_and_respond(admin, operator, "promote", service, done)
}

/// Drops the candidate.
pub(in crate::admin) async fn drop_candidate(
    admin: &AdminState,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    expect_empty(bytes)?;
    let done = run(admin, |contracts| contracts.drop_candidate(service)).await;
    log_and_respond(admin, operator, "drop", service, done)
}

/// Reloads the configuration.
pub(in crate::admin) async fn reload_config(
    admin: &AdminState,
    operator: Operator,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    expect_empty(bytes)?;
    let done = run(admin, |contracts| contracts.reload_config()).await;
    let result = match &done {
        Ok(ConfigReloadView { result, .. }) => format!("{result:?}").to_lowercase(),
        Err(fault) => fault.to_string(),
    };
    tracing::info!(result, peer = %operator.peer, "operator reloads the configuration");
    match done {
        Ok(reloaded) if reloaded.result == ConfigResult::Refused => Err(refused(
            "the configuration is refused and the active one stays; correct it and reload it again"
                .to_owned(),
            reloaded.problems,
        )),
        Ok(reloaded) => Ok(json(&reloaded)),
        Err(ContractFault::Busy) => Err(AdminRefusal::new(
            StatusCode::CONFLICT,
            "another reload of the configuration is in progress; try again when it is done",
        )),
        Err(fault) => Err(refusal(admin, "", fault)),
    }
}

/// Runs a change to completion, even if the client disconnects.
async fn run<T: Send + 'static>(
    admin: &AdminState,
    change: impl FnOnce(&dyn ContractControl) -> ChangeFuture<T>,
) -> Result<T, ContractFault> {
    let contracts = Arc::clone(&admin.contracts);
    let running = tokio::spawn(change(&*contracts));
    running.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a contract change failed");
        Err(ContractFault::Unavailable {
            reason: "the change failed; the log shows the cause".to_owned(),
        })
    })
}

/// Logs the operator's change, and answers with its result.
fn log_and_respond(
    admin: &AdminState,
    operator: Operator,
    action: &str,
    service: &str,
    done: Result<ReloadView, ContractFault>,
) -> Result<AdminResponse, AdminRefusal> {
    let result = match &done {
        Ok(reloaded) => reloaded.result.as_str().to_owned(),
        Err(fault) => fault.to_string(),
    };
    let revision = done.as_ref().ok().and_then(|done| done.revision.as_deref());
    tracing::info!(
        service,
        action,
        result,
        revision,
        peer = %operator.peer,
        "operator changes a contract"
    );
    let reloaded = done.map_err(|fault| refusal(admin, service, fault))?;
    match reloaded.result {
        RevisionResult::Refused => {
            let reason = reloaded.reason.unwrap_or_else(|| {
                format!(
                    "the contract of `{service}` is refused and nothing has changed; correct it \
                     and send or reload it again"
                )
            });
            Err(refused(reason, reloaded.problems))
        }
        RevisionResult::Unavailable => {
            let reason = reloaded.reason.unwrap_or_else(|| {
                format!("the source of `{service}` cannot be read; check it and try again")
            });
            Err(refusal(
                admin,
                service,
                ContractFault::Unavailable { reason },
            ))
        }
        RevisionResult::Active
        | RevisionResult::Unchanged
        | RevisionResult::Candidate
        | RevisionResult::Promoted
        | RevisionResult::Dropped => Ok(json(&reloaded)),
    }
}

fn refusal(admin: &AdminState, service: &str, fault: ContractFault) -> AdminRefusal {
    match fault {
        ContractFault::UnknownService => {
            let services = admin.contracts.services();
            let known = services.iter().map(|view| view.service.as_str());
            unknown_name("service", service, known)
        }
        ContractFault::NoCandidate => AdminRefusal::new(
            StatusCode::NOT_FOUND,
            format!(
                "`{service}` has no candidate; propose one with `portcullis contract candidate \
                 {service} FILE`"
            ),
        ),
        ContractFault::Refused { reason, problems } => refused(reason, problems),
        ContractFault::Busy => AdminRefusal::new(
            StatusCode::CONFLICT,
            format!(
                "another change of the contract of `{service}` is in progress; try again when it \
                 is done"
            ),
        ),
        ContractFault::Unavailable { reason } => {
            AdminRefusal::new(StatusCode::SERVICE_UNAVAILABLE, reason)
        }
    }
}

fn refused(reason: String, problems: Vec<String>) -> AdminRefusal {
    AdminRefusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason).with_problems(problems)
}

/// Checks that the body is empty or an empty object.
fn expect_empty(bytes: &[u8]) -> Result<(), AdminRefusal> {
    if !bytes.is_empty() {
        let EmptyRequest {} = admin_body::parse_object(bytes, EXAMPLE)?;
    }
    Ok(())
}

/// The file name in `?name=`, for messages about the contract.
fn file_name(query: Option<&str>) -> Result<Option<String>, AdminRefusal> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    let name = query.strip_prefix("name=").filter(|name| {
        !name.contains('&') && name.len() <= 3 * NAME_BYTES_MAX // each byte may be percent-encoded
    });
    let name = name.and_then(|name| percent_decode_str(name).decode_utf8().ok());
    let name = name.filter(|name| {
        let is_within = (1..=NAME_BYTES_MAX).contains(&name.len());
        is_within && !name.chars().any(char::is_control)
    });
    let name = name.ok_or_else(|| {
        AdminRefusal::new(
            StatusCode::BAD_REQUEST,
            format!(
                "expected only the query `?name=`, the contract's file name of 1 to \
                 {NAME_BYTES_MAX} bytes without control characters"
            ),
        )
    })?;
    Ok(Some(name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_validated() {
        let name = |query| file_name(Some(query)).map_err(|refusal| refusal.status());
        assert!(matches!(file_name(None), Ok(None)));
        assert_eq!(name(""), Ok(None));
        assert_eq!(name("name=a%20b.yaml"), Ok(Some("a b.yaml".to_owned())));
        let long = format!("name={}", "a".repeat(256));
        for wrong in [
            "name=", "name", "file=a", "name=a&b", "name=%0A", "name=%FF", &long,
        ] {
            assert_eq!(name(wrong), Err(StatusCode::BAD_REQUEST), "{wrong}");
        }
    }
}
