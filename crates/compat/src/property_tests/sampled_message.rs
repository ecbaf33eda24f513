//! Whole messages: requests and responses of an operation, as one contract describes them.

use std::fmt;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use portcullis_contract::{
    BodyDeclaration, CompiledContract, DeclaredResponse, LoweredSchemas, MediaType,
    MessageDirection, MessagePart, Operation, Parameter, StatusPattern,
};

use super::message_text::{body_text, parameter_text};
use super::value_sampler::ValueSampler;

/// How often a single value is sampled until its validator accepts it.
const ATTEMPTS: usize = 12;

/// A request. The path has no base path.
#[derive(Clone, Debug)]
pub(super) struct SampledRequest {
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// The decoded body.
    pub(super) value: Option<Value>,
    /// The decoded parameters.
    pub(super) parameters: Vec<(MessagePart, String, Value)>,
}

/// A response.
#[derive(Clone, Debug)]
pub(super) struct SampledResponse {
    pub(super) status: u16,
    pub(super) declared: StatusPattern,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) media: Option<String>,
    pub(super) value: Option<Value>,
    pub(super) fields: Vec<(String, Value)>,
}

impl SampledRequest {
    /// The request with another JSON body.
    pub(super) fn with_body(&self, value: &Value) -> Self {
        Self {
            body: value.to_string(),
            value: Some(value.clone()),
            ..self.clone()
        }
    }

    pub(super) fn has_json(&self) -> bool {
        has_json(&self.headers)
    }
}

impl SampledResponse {
    /// The response with another JSON body.
    pub(super) fn with_body(&self, value: &Value) -> Self {
        Self {
            body: value.to_string(),
            value: Some(value.clone()),
            ..self.clone()
        }
    }

    pub(super) fn has_json(&self) -> bool {
        has_json(&self.headers)
    }
}

fn has_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|line| line.to_str().ok());
    kind.is_some_and(|kind| kind.contains("json"))
}

impl fmt::Display for SampledRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.query.as_deref().map(|query| format!("?{query}"));
        let Self {
            path,
            headers,
            body,
            ..
        } = self;
        write!(
            f,
            "{path}{} {headers:?}\n    body {body}",
            query.unwrap_or_default()
        )
    }
}

impl fmt::Display for SampledResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            headers,
            body,
            ..
        } = self;
        write!(f, "{status} {headers:?}\n    body {body}")
    }
}

/// Samples the messages of one contract in one direction.
#[derive(Debug)]
pub(super) struct MessageSampler<'c> {
    contract: &'c CompiledContract,
    direction: MessageDirection,
    pub(super) values: ValueSampler<'c>,
}

impl<'c> MessageSampler<'c> {
    pub(super) fn new(
        contract: &'c CompiledContract,
        lowered: &'c LoweredSchemas,
        direction: MessageDirection,
        seed: u64,
    ) -> Self {
        Self {
            contract,
            direction,
            values: ValueSampler::new(&lowered.document, direction, seed),
        }
    }

    /// A request to an operation. `None` if a required part has no value. Other violations are
    /// possible, so the caller checks the request.
    pub(super) fn request(&mut self, operation: &Operation) -> Option<SampledRequest> {
        let density = [0.0, 0.2, 0.7][self.values.rng.usize(..3)];
        let mut parameters = Vec::new();
        for parameter in &operation.parameters {
            let is_sent = parameter.required || self.values.rng.f64() < density;
            match is_sent.then(|| self.parameter_value(parameter)) {
                Some(Some(value)) => parameters.push((parameter, value)),
                Some(None) if parameter.required => return None,
                Some(None) | None => {}
            }
        }
        let (mut path, mut query, mut cookies) =
            (operation.path.to_string(), Vec::new(), Vec::new());
        let mut headers = HeaderMap::new();
        for (parameter, value) in &parameters {
            let text = parameter_text(parameter, value);
            match parameter.part {
                MessagePart::Path => path = path.replace(&format!("{{{}}}", parameter.name), &text),
                MessagePart::Query => query.push(text),
                MessagePart::Cookie => cookies.push(format!("{}={text}", parameter.name)),
                _ => add_header(&mut headers, &parameter.name, &text)?,
            }
        }
        query.retain(|text| !text.is_empty());
        if !cookies.is_empty() {
            add_header(&mut headers, COOKIE.as_str(), &cookies.join("; "))?;
        }
        let mut message = SampledRequest {
            path,
            query: (!query.is_empty()).then(|| query.join("&")),
            headers,
            body: String::new(),
            value: None,
            parameters: parameters
                .into_iter()
                .map(|(parameter, value)| (parameter.part, parameter.name.clone(), value))
                .collect(),
        };
        self.add_body(operation, &mut message)?;
        Some(message)
    }

    fn add_body(&mut self, operation: &Operation, message: &mut SampledRequest) -> Option<()> {
        let BodyDeclaration::Declared(body) = &operation.body else {
            return Some(());
        };
        if body.content.is_empty() || !body.required && self.values.rng.u8(..8) == 0 {
            return Some(());
        }
        let media = &body.content[self.values.rng.usize(..body.content.len())];
        let value = self.body_value(media)?;
        let (kind, text) = body_text(media, &value)?;
        add_header(&mut message.headers, CONTENT_TYPE.as_str(), &kind)?;
        add_header(
            &mut message.headers,
            CONTENT_LENGTH.as_str(),
            &text.len().to_string(),
        )?;
        (message.body, message.value) = (text, Some(value));
        Some(())
    }

    /// A response of an operation with a status that this declaration covers.
    pub(super) fn response(
        &mut self,
        operation: &Operation,
        declared: &DeclaredResponse,
    ) -> Option<SampledResponse> {
        let status = match declared.status {
            StatusPattern::Exact(status) => status,
            StatusPattern::Range(hundred) => {
                self.uncovered(operation, u16::from(hundred) * 100, declared)?
            }
            StatusPattern::Default => self.uncovered(operation, 500, declared)?,
        };
        let (mut headers, mut fields) = (HeaderMap::new(), Vec::new());
        for header in &declared.headers {
            if header.required || self.values.rng.bool() {
                let value = self.parameter_value(header)?;
                add_header(&mut headers, &header.name, &parameter_text(header, &value))?;
                fields.push((header.name.clone(), value));
            }
        }
        let mut message = SampledResponse {
            status,
            declared: declared.status,
            headers,
            body: String::new(),
            media: None,
            value: None,
            fields,
        };
        if !declared.content.is_empty() {
            let media = &declared.content[self.values.rng.usize(..declared.content.len())];
            let value = self.body_value(media)?;
            let (kind, text) = body_text(media, &value)?;
            add_header(&mut message.headers, CONTENT_TYPE.as_str(), &kind)?;
            (message.body, message.media, message.value) =
                (text, Some(media.key.clone()), Some(value));
        }
        Some(message)
    }

    /// A status from `first` on that this declaration covers and no other.
    fn uncovered(
        &self,
        operation: &Operation,
        first: u16,
        declared: &DeclaredResponse,
    ) -> Option<u16> {
        (first..first + 60).find(|status| {
            let found = operation.response(*status);
            found.is_some_and(|found| found.status == declared.status)
        })
    }

    fn parameter_value(&mut self, parameter: &Parameter) -> Option<Value> {
        let Some(key) = parameter.schema() else {
            return Some("text".into());
        };
        self.valid_value(key.as_str(), |contract, direction, text| {
            contract.accepts(direction, key, text)
        })
    }

    fn body_value(&mut self, media: &MediaType) -> Option<Value> {
        let Some(key) = &media.schema else {
            return Some("text".into());
        };
        self.valid_value(key.as_str(), |contract, direction, text| {
            contract.accepts(direction, key, text)
        })
    }

    fn valid_value(
        &mut self,
        number: &str,
        accepts: impl Fn(&CompiledContract, MessageDirection, &str) -> bool,
    ) -> Option<Value> {
        (0..ATTEMPTS).find_map(|_| {
            let value = self.values.sample(number, None)?;
            accepts(self.contract, self.direction, &value.to_string()).then_some(value)
        })
    }
}

fn add_header(headers: &mut HeaderMap, name: &str, text: &str) -> Option<()> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    headers.insert(name, HeaderValue::from_bytes(text.as_bytes()).ok()?);
    Some(())
}
