//! Builds a complete response around a decisive part.

use serde_json::Value;

use portcullis_contract::{CompiledContract, MediaType, MessageDirection, Parameter};

use super::concrete_media_type::{DeclaredContent, concrete_media_type, usual_media_type};
use super::message_judge::MessageJudge;
use super::message_samples::{body_samples, parameter_sample};
use super::request_builder::is_about;
use super::serialise::in_header;
use super::serialise_body::{BodyText, body, unread_body};
use super::witness_message::WitnessResponse;

/// The most responses to try.
const ROUNDS_MAX: usize = 12;

/// The body of a response.
#[derive(Clone, Debug, Default)]
pub(crate) enum ResponseBodyChoice<'c> {
    #[default]
    Absent,
    /// A sample in this media type.
    Sample(&'c MediaType),
    /// A value in a media type that another contract declares.
    Foreign(&'c CompiledContract, &'c MediaType, Value),
    /// This text.
    Text(BodyText),
}

/// What is decided about a response; required header fields are filled with samples.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseChoices<'c> {
    pub(crate) status: u16,
    /// A header field that is sent, with its value.
    pub(crate) header: Option<(&'c Parameter, Value)>,
    pub(crate) body: ResponseBodyChoice<'c>,
}

/// A response that was built.
#[derive(Clone, Debug)]
pub(crate) struct BuiltResponse {
    pub(crate) response: WitnessResponse,
    /// Why the operation does not allow the response as a whole.
    pub(crate) refusal: Option<String>,
}

/// Builds a response of an operation.
///
/// # Errors
///
/// Returns the reason if a decisive part cannot be written.
pub(crate) fn build_response(
    judge: MessageJudge<'_>,
    choices: &ResponseChoices<'_>,
) -> Result<BuiltResponse, String> {
    let declared = judge.operation.response(choices.status);
    let headers: &[Parameter] = declared.map_or(&[], |declared| &declared.headers);
    let content: &[MediaType] = declared.map_or(&[], |declared| &declared.content);
    let bodies = bodies(judge, content, &choices.body)?;
    let (mut attempts, mut body_attempt) = (vec![0; headers.len()], 0);
    let mut built = None;
    for _ in 0..ROUNDS_MAX {
        let response = assemble(judge, choices, headers, &attempts, bodies.get(body_attempt));
        let violation = judge.response(&response)?.into_iter().next();
        let refusal = violation.as_ref().map(|violation| violation.sentence(true));
        built = Some(BuiltResponse { response, refusal });
        let Some(violation) = violation else {
            break;
        };
        let index = headers
            .iter()
            .position(|header| is_about(&violation, header));
        match index {
            Some(index) => attempts[index] += 1,
            None if body_attempt + 1 < bodies.len() => body_attempt += 1,
            None => break,
        }
    }
    built.ok_or_else(|| "no response was built".to_owned())
}

fn bodies(
    judge: MessageJudge<'_>,
    content: &[MediaType],
    choice: &ResponseBodyChoice<'_>,
) -> Result<Vec<BodyText>, String> {
    match choice {
        ResponseBodyChoice::Absent => Ok(Vec::new()),
        ResponseBodyChoice::Foreign(contract, media, value) => {
            let media_type = usual_media_type(&media.key);
            Ok(vec![body(contract, media, &media_type, value)?])
        }
        ResponseBodyChoice::Text(text) => Ok(vec![text.clone()]),
        ResponseBodyChoice::Sample(media) => {
            let values = body_samples(judge.contract, media, MessageDirection::Response);
            let media_type = concrete_media_type(&[DeclaredContent { content, media }]);
            let written = values
                .iter()
                .filter_map(|value| body(judge.contract, media, &media_type, value).ok());
            let written: Vec<BodyText> = written.chain(unread_body(&media_type)).collect();
            if written.is_empty() {
                return Err(format!("no body of {} can be written", media.key));
            }
            Ok(written)
        }
    }
}

fn assemble(
    judge: MessageJudge<'_>,
    choices: &ResponseChoices<'_>,
    declared: &[Parameter],
    attempts: &[usize],
    body: Option<&BodyText>,
) -> WitnessResponse {
    let mut headers = Vec::new();
    for (header, attempt) in declared.iter().zip(attempts) {
        let value = match &choices.header {
            Some((decisive, value)) if decisive.is_same(header) => Some(value.clone()),
            _ if header.required => {
                parameter_sample(judge.contract, header, MessageDirection::Response, *attempt)
            }
            _ => None,
        };
        if let Some(value) = value {
            headers.push((header.name.to_lowercase(), in_header(header, &value)));
        }
    }
    if let Some(body) = body {
        headers.push(("content-type".to_owned(), body.media.clone()));
    }
    WitnessResponse {
        status: choices.status,
        headers,
        body: body.map(|body| body.text.clone()),
    }
}

/// All status codes; 200 is the best example of `2XX` and of `default`.
pub(crate) fn usual_statuses() -> impl Iterator<Item = u16> {
    std::iter::once(200).chain(201..600).chain(100..200)
}
