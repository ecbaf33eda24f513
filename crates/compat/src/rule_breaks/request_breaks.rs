//! Breaks of requests: parameters and bodies.

use serde_json::{Value, json};

use portcullis_contract::{
    MediaRange, MediaType, MessageDirection, MessagePart, Parameter, Violation, ViolationClass,
};

use super::super::compat_finding::path_expressions;
use super::super::witness::{
    BodyChoice, BodyText, BuiltRequest, MessageJudge, RequestChoices, WitnessRequest, body_values,
    build_request, delimited_texts, listed_values, parameter_values, received, request_content,
};
use super::break_evidence::BreakEvidence;
use super::break_sides::BreakSides;

/// The result of trying requests one after the other.
pub(super) enum TriedRequests {
    Shown(BreakEvidence),
    /// Some requests were accepted; the head of the first one.
    Accepted(String),
    /// No request could be built, for this reason.
    Impossible(String),
}

impl<'c> BreakSides<'c> {
    /// A request that the receiver refuses because it lacks a parameter, or because the parameter
    /// is serialized differently.
    pub(super) fn parameter(self, rule: &str, [part, name]: [&'c str; 2]) -> BreakEvidence {
        let receiver_name = self.receiver_name_of([part, name]);
        let is_about = |violation: &Violation| is_named(violation, receiver_name);
        let minimal = [(None, RequestChoices::default())];
        let lacking = self.first_refused(minimal, &is_about);
        let is_presence = matches!(
            rule,
            "parameter.added.required"
                | "parameter.required"
                | "parameter.optional"
                | "parameter.removed"
        );
        let minimal = match lacking {
            TriedRequests::Shown(evidence) => return evidence,
            other => other,
        };
        if is_presence {
            return match minimal {
                TriedRequests::Shown(evidence) => evidence,
                TriedRequests::Accepted(line) => BreakEvidence::Refuted(self.accepted(&line)),
                TriedRequests::Impossible(reason) => BreakEvidence::Unshown(reason),
            };
        }
        let mut parameters = self.sender.operation.parameters.iter();
        let Some(parameter) = parameters.find(|parameter| has_name(parameter, name)) else {
            return BreakEvidence::unshown("the sender has no such parameter");
        };
        self.written(rule, parameter, &is_about)
    }

    /// A request with a parameter that the receiver refuses because it is written differently.
    fn written(
        self,
        rule: &str,
        parameter: &'c Parameter,
        is_about: &dyn Fn(&Violation) -> bool,
    ) -> BreakEvidence {
        let is_form = matches!(
            rule,
            "parameter.style.changed" | "parameter.explode.changed" | "parameter.content.changed"
        );
        let listed = listed_values(self.sender.contract, parameter).filter(|_| is_form);
        let values = match &listed {
            Some(listed) => listed.clone(),
            None if rule == "parameter.empty.refused" => vec![json!("")],
            None => parameter_values(self.sender.contract, parameter, MessageDirection::Request),
        };
        let written = values.into_iter().map(|value| (Some(value), None));
        let texts = Some(delimited_texts(parameter))
            .filter(|_| is_form && listed.is_none() && parameter.part == MessagePart::Query);
        let texts = texts.unwrap_or_default().into_iter();
        let choices =
            written
                .chain(texts.map(|text| (None, Some(text))))
                .map(|(value, query_text)| {
                    let decisive = value.clone().unwrap_or_default();
                    let choices = RequestChoices {
                        parameter: Some((parameter, decisive)),
                        query_text,
                        ..RequestChoices::default()
                    };
                    (value, choices)
                });
        if listed.is_some() {
            return self.all_refused(choices, is_about);
        }
        match self.first_refused(choices, is_about) {
            TriedRequests::Shown(evidence) => evidence,
            TriedRequests::Accepted(line) if rule == "parameter.empty.refused" => {
                BreakEvidence::Refuted(self.accepted(&line))
            }
            // A single text is accepted or not; the values of lists and objects are others now.
            TriedRequests::Accepted(line) if is_form && parameter.is_plain() => {
                BreakEvidence::Undecided(format!(
                    "{}, and no value was found that it refuses",
                    self.accepted(&line)
                ))
            }
            TriedRequests::Accepted(line) => BreakEvidence::Unshown(format!(
                "{} reads another value from the example {line}, or none",
                self.receiver_name
            )),
            TriedRequests::Impossible(reason) => BreakEvidence::Unshown(reason),
        }
    }

    /// Tries requests that are all that the sender can write.
    fn all_refused(
        self,
        choices: impl IntoIterator<Item = (Option<Value>, RequestChoices<'c>)>,
        is_about: &dyn Fn(&Violation) -> bool,
    ) -> BreakEvidence {
        for (value, choices) in choices {
            match self.try_request(value, choices, is_about) {
                Ok(Ok(evidence)) => return evidence,
                Ok(Err(_)) => {}
                Err(reason) => return BreakEvidence::Undecided(reason),
            }
        }
        BreakEvidence::Harmless
    }

    /// The name that the receiver has for a parameter of the sender. Those of path parameters may
    /// differ: what counts is the position.
    fn receiver_name_of(self, [part, name]: [&'c str; 2]) -> &'c str {
        let names = |judge: MessageJudge<'c>| {
            path_expressions(judge.address.unwrap_or(&judge.operation.path))
        };
        let mut pairs = names(self.sender)
            .into_iter()
            .zip(names(self.receiver))
            .filter(|_| part == MessagePart::Path.as_str());
        let found = pairs.find(|(own, _)| *own == name);
        found.map_or(name, |(_, other)| other)
    }

    /// A request with a parameter whose name another parameter of the receiver reads, with these
    /// values.
    pub(super) fn name_taken(
        self,
        [part, name]: [&str; 2],
        taker: &str,
        values: Vec<Value>,
    ) -> BreakEvidence {
        let mut parameters = self.sender.operation.parameters.iter();
        let parameter =
            parameters.find(|known| known.part.as_str() == part && has_name(known, name));
        let is_about =
            |violation: &Violation| violation.part.as_str() == part && is_named(violation, taker);
        let choices = values.into_iter().map(|value| {
            let choices = match parameter {
                Some(parameter) => RequestChoices {
                    parameter: Some((parameter, value.clone())),
                    ..RequestChoices::default()
                },
                None => self.with_key(part, name, &value),
            };
            (Some(value), choices)
        });
        match self.first_refused(choices, &is_about) {
            TriedRequests::Shown(evidence) => evidence,
            TriedRequests::Accepted(line) => BreakEvidence::Refuted(self.accepted(&line)),
            TriedRequests::Impossible(reason) => BreakEvidence::Unshown(reason),
        }
    }

    /// A request that the receiver refuses because of its body or because it has none.
    /// `refused` are values that the receiver's schema refuses.
    pub(super) fn request_body(
        self,
        rule: &str,
        media: Option<&str>,
        refused: Vec<Value>,
    ) -> BreakEvidence {
        let content = request_content(self.sender.operation);
        let is_same =
            |known: &&MediaType| media.is_none_or(|media| known.key.eq_ignore_ascii_case(media));
        let content: Vec<&MediaType> = content.iter().filter(is_same).collect();
        let body = |body| RequestChoices {
            body,
            ..RequestChoices::default()
        };
        let tried = match rule {
            "media-type.schema.added" | "media-type.schema.removed" => {
                let values: Vec<Value> = refused.into_iter().chain(body_values()).collect();
                let all = content.iter().flat_map(|media| {
                    values.clone().into_iter().map(|value| {
                        let choice = BodyChoice::Value(media, value.clone());
                        (Some(value), body(choice))
                    })
                });
                let is_invalid = |violation: &Violation| {
                    matches!(
                        violation.class,
                        ViolationClass::InvalidBody | ViolationClass::MalformedBody
                    )
                };
                self.first_refused(all, &is_invalid)
            }
            "media-type.specialized" => return self.other_media_type(&content),
            _ if media.is_some() => {
                let all = content
                    .iter()
                    .map(|media| (None, body(BodyChoice::Sample(media))));
                let is_unsupported =
                    |violation: &Violation| violation.class == ViolationClass::UnsupportedMediaType;
                self.first_refused(all, &is_unsupported)
            }
            _ => {
                let samples = content
                    .iter()
                    .map(|media| (None, body(BodyChoice::Sample(media))));
                let absent = std::iter::once((None, body(BodyChoice::Absent)));
                let is_presence = |violation: &Violation| {
                    matches!(
                        violation.class,
                        ViolationClass::MissingBody | ViolationClass::UnexpectedBody
                    )
                };
                self.first_refused(absent.chain(samples), &is_presence)
            }
        };
        match tried {
            TriedRequests::Shown(evidence) => evidence,
            TriedRequests::Accepted(line) if rule.starts_with("media-type.schema.") => {
                BreakEvidence::Unshown(self.accepted(&line))
            }
            TriedRequests::Accepted(line) => BreakEvidence::Refuted(self.accepted(&line)),
            TriedRequests::Impossible(reason) => BreakEvidence::Unshown(reason),
        }
    }

    /// A body of another media type in the range that the receiver narrowed.
    fn other_media_type(self, content: &[&'c MediaType]) -> BreakEvidence {
        let is_unsupported =
            |violation: &Violation| violation.class == ViolationClass::UnsupportedMediaType;
        let samples = content.iter().map(|media| BodyChoice::Sample(media));
        // Without media types, the sender allows all of them.
        let is_open = request_content(self.sender.operation).is_empty();
        let ranges = content.iter().map(|media| &*media.key);
        let others = ranges
            .chain(is_open.then_some("*/*"))
            .filter_map(MediaRange::parse)
            .map(|range| {
                let kind = match range.kind() {
                    "*" => "application",
                    kind => kind,
                };
                BodyChoice::Text(BodyText::example(format!("{kind}/x-example")))
            });
        let choices = samples.chain(others).map(|body| {
            let choices = RequestChoices {
                body,
                ..RequestChoices::default()
            };
            (None, choices)
        });
        match self.first_refused(choices, &is_unsupported) {
            TriedRequests::Shown(evidence) => evidence,
            TriedRequests::Accepted(_) | TriedRequests::Impossible(_) => {
                BreakEvidence::unshown("no media type was found that only the range covers")
            }
        }
    }

    /// Tries requests that the sender accepts until the receiver refuses one.
    pub(super) fn first_refused(
        self,
        choices: impl IntoIterator<Item = (Option<Value>, RequestChoices<'c>)>,
        is_about: &dyn Fn(&Violation) -> bool,
    ) -> TriedRequests {
        let mut outcome = TriedRequests::Impossible("no message could be built".to_owned());
        for (value, choices) in choices {
            match self.try_request(value, choices, is_about) {
                Ok(Ok(evidence)) => return TriedRequests::Shown(evidence),
                Ok(Err(line)) if matches!(outcome, TriedRequests::Impossible(_)) => {
                    outcome = TriedRequests::Accepted(line);
                }
                Ok(Err(_)) => {}
                Err(reason) if matches!(outcome, TriedRequests::Impossible(_)) => {
                    outcome = TriedRequests::Impossible(reason);
                }
                Err(_) => {}
            }
        }
        outcome
    }

    fn try_request(
        self,
        value: Option<Value>,
        choices: RequestChoices<'_>,
        is_about: &dyn Fn(&Violation) -> bool,
    ) -> Result<Result<BreakEvidence, String>, String> {
        let built = accepted(build_request(self.sender, choices)?)?;
        let request: WitnessRequest = built.request.clone();
        let violations = received(self.receiver, built)?;
        Ok(match violations.iter().find(|found| is_about(found)) {
            Some(violation) => Ok(BreakEvidence::of_request(value, request, violation)),
            None => Err(request.head()),
        })
    }
}

/// The request, if its sender accepts it.
pub(super) fn accepted(built: BuiltRequest) -> Result<BuiltRequest, String> {
    match built.refusal {
        Some(reason) => Err(format!("no complete example was found: {reason}")),
        None => Ok(built),
    }
}

fn has_name(parameter: &Parameter, name: &str) -> bool {
    parameter.name.eq_ignore_ascii_case(name)
}

fn is_named(violation: &Violation, name: &str) -> bool {
    let found = violation.name.as_deref();
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
}
