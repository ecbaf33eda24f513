//! Builds a complete request around a decisive part. Everything else that the operation requires is
//! filled with samples, which are replaced until the operation accepts them.

use serde_json::Value;

use portcullis_contract::{
    BodyDeclaration, CredentialSample, MediaType, MessageDirection, MessagePart, Parameter,
    Violation,
};

use super::concrete_media_type::{DeclaredContent, concrete_media_type, request_content};
use super::message_judge::MessageJudge;
use super::message_samples::{body_samples, parameter_sample};
use super::request_address::{address, path_names};
use super::serialise::{ValueStyle, escaped, in_cookie, in_header, in_path, in_query};
use super::serialise_body::{BodyText, body, unread_body, whole_query};
use super::witness_message::WitnessRequest;

/// The most requests to try.
const ROUNDS_MAX: usize = 16;

/// The body of a request.
#[derive(Clone, Debug, Default)]
pub(crate) enum BodyChoice<'c> {
    /// A sample if a body is required.
    #[default]
    IfRequired,
    /// No body.
    Absent,
    /// A sample in this media type.
    Sample(&'c MediaType),
    /// This value.
    Value(&'c MediaType, Value),
    /// This text.
    Text(BodyText),
}

/// What is decided about a request; the rest is filled with samples.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestChoices<'c> {
    /// A parameter that is sent, with its value.
    pub(crate) parameter: Option<(&'c Parameter, Value)>,
    /// The text of this parameter in the query, instead of what its value is written as.
    pub(crate) query_text: Option<String>,
    pub(crate) body: BodyChoice<'c>,
    /// The number of the security alternative, or `usize::MAX` for no credentials.
    pub(crate) credentials: usize,
    /// An API key of the alternative with another text than usual.
    pub(crate) key: Option<CredentialSample>,
    /// The number of the base path.
    pub(crate) address: usize,
}

/// A request that was built.
#[derive(Clone, Debug)]
pub(crate) struct BuiltRequest {
    pub(crate) request: WitnessRequest,
    /// The texts of the path parameters, in order.
    pub(super) path_texts: Vec<String>,
    /// Why the operation does not accept the request as a whole.
    pub(crate) refusal: Option<String>,
}

/// Builds a request for an operation.
///
/// # Errors
///
/// Returns the reason if a decisive part cannot be written.
pub(crate) fn build_request<'c>(
    judge: MessageJudge<'c>,
    choices: RequestChoices<'c>,
) -> Result<BuiltRequest, String> {
    let mut builder = RequestBuilder {
        judge,
        attempts: vec![0; judge.operation.parameters.len()],
        bodies: bodies(judge, &choices.body)?,
        body_attempt: 0,
        choices,
    };
    for _ in 0..ROUNDS_MAX {
        let built = builder.assemble();
        let (refusal, can_advance) = match judge.request(&built.request) {
            Ok(violations) => match violations.into_iter().next() {
                None => return Ok(built),
                Some(violation) => (violation.sentence(true), builder.advance(&violation)),
            },
            Err(reason) => (reason, builder.advance_path()),
        };
        if !can_advance {
            return Ok(BuiltRequest {
                refusal: Some(refusal),
                ..built
            });
        }
    }
    let refusal = Some("no complete request was found".to_owned());
    Ok(BuiltRequest {
        refusal,
        ..builder.assemble()
    })
}

/// The violations of a request that was built for another contract. An address that this contract
/// does not have is replaced, because the change of addresses is another finding.
///
/// # Errors
///
/// Returns the reason if the request does not reach the operation.
pub(crate) fn received(
    judge: MessageJudge<'_>,
    built: BuiltRequest,
) -> Result<Vec<Violation>, String> {
    judge.request(&built.request).or_else(|_| {
        let path = address_with(judge, &built.path_texts);
        let target = match built.request.path_and_query() {
            (_, Some(query)) => format!("{path}?{query}"),
            (_, None) => path,
        };
        judge.request(&WitnessRequest {
            target,
            method: judge.method.to_string(),
            ..built.request
        })
    })
}

/// The address of another operation with the same path parameters.
fn address_with(judge: MessageJudge<'_>, path_texts: &[String]) -> String {
    let names = path_names(judge.operation);
    address(judge, 0, |name| {
        let position = names.iter().position(|known| *known == name);
        let text = position.and_then(|position| path_texts.get(position));
        text.cloned().unwrap_or_else(|| "1".to_owned())
    })
}

/// The bodies to try, the best first.
fn bodies<'c>(judge: MessageJudge<'c>, choice: &BodyChoice<'c>) -> Result<Vec<BodyText>, String> {
    let content = request_content(judge.operation);
    let media_type =
        |media: &'c MediaType| concrete_media_type(&[DeclaredContent { content, media }]);
    let samples = |media: &'c MediaType| -> Vec<BodyText> {
        let values = body_samples(judge.contract, media, MessageDirection::Request);
        let media_type = media_type(media);
        let written = values
            .iter()
            .filter_map(|value| body(judge.contract, media, &media_type, value).ok());
        written.chain(unread_body(&media_type)).collect()
    };
    match choice {
        BodyChoice::Absent => Ok(Vec::new()),
        BodyChoice::Value(media, value) => {
            let written = body(judge.contract, media, &media_type(media), value)?;
            Ok(vec![written])
        }
        BodyChoice::Text(text) => Ok(vec![text.clone()]),
        BodyChoice::Sample(media) => match samples(media) {
            found if found.is_empty() => Err(format!("no body of {} can be written", media.key)),
            found => Ok(found),
        },
        BodyChoice::IfRequired => {
            let BodyDeclaration::Declared(declared) = &judge.operation.body else {
                return Ok(Vec::new());
            };
            let mut content: Vec<&'c MediaType> = declared.content.iter().collect();
            content.retain(|_| declared.required);
            content.sort_by_key(|media| !media.is_json);
            Ok(content.into_iter().flat_map(samples).collect())
        }
    }
}

struct RequestBuilder<'c> {
    judge: MessageJudge<'c>,
    choices: RequestChoices<'c>,
    /// The number of the sample of each parameter.
    attempts: Vec<usize>,
    bodies: Vec<BodyText>,
    body_attempt: usize,
}

impl RequestBuilder<'_> {
    fn is_decisive(&self, parameter: &Parameter) -> bool {
        let decisive = self.choices.parameter.as_ref();
        decisive.is_some_and(|(decisive, _)| decisive.is_same(parameter))
    }

    /// The value of a parameter; `None` if it is not sent.
    fn value(&self, index: usize) -> Option<Value> {
        let parameter = &self.judge.operation.parameters[index];
        match &self.choices.parameter {
            Some((_, value)) if self.is_decisive(parameter) => Some(value.clone()),
            _ if parameter.required => parameter_sample(
                self.judge.contract,
                parameter,
                MessageDirection::Request,
                self.attempts[index],
            ),
            _ => None,
        }
    }

    fn assemble(&self) -> BuiltRequest {
        let operation = self.judge.operation;
        let (mut query, mut headers, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
        let mut in_paths: Vec<(&str, String)> = Vec::new();
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let Some(value) = self.value(index) else {
                continue;
            };
            match parameter.part {
                MessagePart::Query if parameter.is_whole_query() => {
                    query.extend(whole_query(self.judge.contract, operation, &value));
                }
                MessagePart::Query => {
                    let text = self.choices.query_text.as_ref();
                    let text = text.filter(|_| self.is_decisive(parameter)).cloned();
                    query.push(text.unwrap_or_else(|| in_query(ValueStyle::of(parameter), &value)));
                }
                MessagePart::Header => {
                    headers.push((parameter.name.clone(), in_header(parameter, &value)));
                }
                MessagePart::Cookie => cookies.push(in_cookie(parameter, &value)),
                MessagePart::Path => in_paths.push((&parameter.name, in_path(parameter, &value))),
                MessagePart::Target | MessagePart::Body | MessagePart::Status => {}
            }
        }
        self.add_credentials(&mut query, &mut headers, &mut cookies);
        if !cookies.is_empty() {
            headers.push(("cookie".to_owned(), cookies.join("; ")));
        }
        let body = self.bodies.get(self.body_attempt);
        if let Some(body) = body {
            headers.push(("content-type".to_owned(), body.media.clone()));
        }
        let fill = |name: &str| {
            let found = in_paths.iter().find(|(known, _)| *known == name);
            found.map_or_else(|| "1".to_owned(), |(_, text)| text.clone())
        };
        let path = if self.judge.is_outbound {
            "/".to_owned()
        } else {
            address(self.judge, self.choices.address, fill)
        };
        query.retain(|part| !part.is_empty());
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        };
        BuiltRequest {
            request: WitnessRequest {
                method: self.judge.method.to_string(),
                target,
                headers,
                body: body.map(|body| body.text.clone()),
            },
            path_texts: path_names(operation).into_iter().map(fill).collect(),
            refusal: None,
        }
    }

    /// Adds the credentials that no declared parameter carries.
    fn add_credentials(
        &self,
        query: &mut Vec<String>,
        headers: &mut Vec<(String, String)>,
        cookies: &mut Vec<String>,
    ) {
        let alternatives = self.judge.operation.credential_samples();
        let credentials = alternatives.get(self.choices.credentials);
        for credential in credentials.into_iter().flatten() {
            let is_it = |key: &&CredentialSample| {
                key.part == credential.part && key.name == credential.name
            };
            let credential = self
                .choices
                .key
                .as_ref()
                .filter(is_it)
                .unwrap_or(credential);
            let (name, value) = match credential.part {
                MessagePart::Query => (escaped(&credential.name), escaped(&credential.value)),
                _ => (credential.name.clone(), credential.value.clone()),
            };
            let pair = format!("{name}={value}");
            let is_named = |known: &String| known.starts_with(&format!("{name}="));
            let is_field = |(known, _): &(String, String)| known.eq_ignore_ascii_case(&name);
            match credential.part {
                MessagePart::Header if !headers.iter().any(is_field) => {
                    headers.push((name, value));
                }
                MessagePart::Query if !query.iter().any(is_named) => query.push(pair),
                MessagePart::Cookie if !cookies.iter().any(is_named) => cookies.push(pair),
                _ => {}
            }
        }
    }

    /// Replaces the sample that a violation refuses. Returns whether there is another one.
    fn advance(&mut self, violation: &Violation) -> bool {
        if violation.part == MessagePart::Body {
            let is_sample = matches!(
                self.choices.body,
                BodyChoice::IfRequired | BodyChoice::Sample(_)
            );
            self.body_attempt += 1;
            return is_sample && self.body_attempt < self.bodies.len();
        }
        let parameters = &self.judge.operation.parameters;
        let index = parameters
            .iter()
            .position(|parameter| is_about(violation, parameter));
        index.is_some_and(|index| self.advance_parameter(index))
    }

    /// Replaces the samples in the path.
    fn advance_path(&mut self) -> bool {
        let in_path = (0..self.attempts.len())
            .filter(|index| self.judge.operation.parameters[*index].part == MessagePart::Path);
        let advanced: Vec<bool> = in_path
            .collect::<Vec<_>>()
            .into_iter()
            .map(|index| self.advance_parameter(index))
            .collect();
        advanced.contains(&true)
    }

    fn advance_parameter(&mut self, index: usize) -> bool {
        let parameter = &self.judge.operation.parameters[index];
        if self.is_decisive(parameter) || !parameter.required {
            return false;
        }
        self.attempts[index] += 1;
        self.value(index).is_some()
    }
}

/// Whether a violation is about a parameter or a header.
pub(crate) fn is_about(violation: &Violation, parameter: &Parameter) -> bool {
    let is_named = violation
        .name
        .as_deref()
        .is_some_and(|name| match parameter.part {
            MessagePart::Header => name.eq_ignore_ascii_case(&parameter.name),
            _ => name == parameter.name,
        });
    is_named && violation.part == parameter.part
}
