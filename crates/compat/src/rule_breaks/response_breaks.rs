//! Breaks of responses: statuses, media types and header fields.

use serde_json::Value;

use portcullis_contract::{
    DeclaredResponse, MediaType, MessageDirection, MessagePart, StatusPattern, Violation,
    ViolationClass,
};

use super::super::witness::{
    MessageJudge, ResponseBodyChoice, ResponseChoices, body_values, build_response,
    parameter_values, usual_statuses,
};
use super::break_evidence::BreakEvidence;
use super::break_sides::BreakSides;

impl<'c> BreakSides<'c> {
    /// A response whose status the receiver does not declare.
    pub(super) fn status(self, status: &str) -> BreakEvidence {
        let Some((status, _)) = self.declared(status) else {
            return BreakEvidence::unshown("no status code is an example of the pattern");
        };
        let choices = ResponseChoices {
            status,
            ..ResponseChoices::default()
        };
        let is_about = |violation: &Violation| violation.class == ViolationClass::UndeclaredStatus;
        self.refused_response(None, &choices, &is_about)
    }

    /// A response whose media type the receiver does not declare, or whose body it refuses.
    /// `refused` are values that a schema refuses where the other contract has none.
    pub(super) fn response_media(
        self,
        rule: &str,
        status: &str,
        media: &str,
        refused: Vec<Value>,
    ) -> BreakEvidence {
        let Some((status, declared)) = self.declared(status) else {
            return BreakEvidence::unshown("no status code is an example of the pattern");
        };
        if matches!(status, 100..=199 | 204 | 304) {
            return BreakEvidence::Refuted(format!("a response with status {status} has no body"));
        }
        let mut content = declared.content.iter();
        let is_same = |known: &&MediaType| known.key.eq_ignore_ascii_case(media);
        let Some(media) = content.find(is_same) else {
            return BreakEvidence::unshown("the sender has no such media type");
        };
        let others = self.receiver.operation.response(status);
        let is_open = others.is_some_and(|others| others.is_open);
        if rule == "media-type.removed" && is_open {
            return self
                .reversed()
                .undescribed_body(status, media, self.sender, refused);
        }
        if rule.starts_with("media-type.schema.") {
            return self.undescribed_body(status, media, self.sender, refused);
        }
        let choices = ResponseChoices {
            status,
            body: ResponseBodyChoice::Sample(media),
            ..ResponseChoices::default()
        };
        let is_about =
            |violation: &Violation| violation.class == ViolationClass::UndeclaredMediaType;
        self.refused_response(None, &choices, &is_about)
    }

    /// A response with a body that the sender does not describe and the receiver refuses. `writer`
    /// declares the media type.
    fn undescribed_body(
        self,
        status: u16,
        media: &MediaType,
        writer: MessageJudge<'_>,
        refused: Vec<Value>,
    ) -> BreakEvidence {
        let is_about = |violation: &Violation| {
            violation.part == MessagePart::Body
                || violation.class == ViolationClass::UndeclaredMediaType
        };
        let mut last = BreakEvidence::unshown("no body was found that the receiver refuses");
        for value in refused.into_iter().chain(body_values()) {
            let choices = ResponseChoices {
                status,
                body: ResponseBodyChoice::Foreign(writer.contract, media, value.clone()),
                ..ResponseChoices::default()
            };
            last = match self.refused_response(Some(value), &choices, &is_about) {
                BreakEvidence::Refuted(reason) => BreakEvidence::Unshown(reason),
                shown @ BreakEvidence::Shown(_) => return shown,
                other => other,
            };
        }
        last
    }

    /// A response that the receiver refuses because it lacks a header field, or because the field
    /// is serialized differently.
    pub(super) fn header(self, rule: &str, status: &str, name: &str) -> BreakEvidence {
        let Some((status, declared)) = self.declared(status) else {
            return BreakEvidence::unshown("no status code is an example of the pattern");
        };
        let is_about = |violation: &Violation| {
            let found = violation.name.as_deref();
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let plain = ResponseChoices {
            status,
            ..ResponseChoices::default()
        };
        if rule.starts_with("header.") {
            return self.refused_response(None, &plain, &is_about);
        }
        let mut headers = declared.headers.iter();
        let Some(header) = headers.find(|header| header.name.eq_ignore_ascii_case(name)) else {
            return BreakEvidence::unshown("the sender has no such header field");
        };
        let values = parameter_values(self.sender.contract, header, MessageDirection::Response);
        for value in values {
            let choices = ResponseChoices {
                header: Some((header, value.clone())),
                ..plain.clone()
            };
            let evidence = self.refused_response(Some(value), &choices, &is_about);
            if matches!(evidence, BreakEvidence::Shown(_)) {
                return evidence;
            }
        }
        let receiver = self.receiver_name;
        if header.is_plain() {
            let reason =
                format!("{receiver} accepts all examples, and no value was found that it refuses");
            return BreakEvidence::Undecided(reason);
        }
        BreakEvidence::Unshown(format!("{receiver} reads other values from all examples"))
    }

    fn refused_response(
        self,
        value: Option<Value>,
        choices: &ResponseChoices<'_>,
        is_about: &dyn Fn(&Violation) -> bool,
    ) -> BreakEvidence {
        let built = match build_response(self.sender, choices) {
            Ok(built) => built,
            Err(reason) => return BreakEvidence::Unshown(reason),
        };
        if let Some(reason) = built.refusal {
            return BreakEvidence::Unshown(format!("no complete example was found: {reason}"));
        }
        match self.receiver.response(&built.response) {
            Err(reason) => BreakEvidence::Unshown(reason),
            Ok(violations) => match violations.iter().find(|found| is_about(found)) {
                Some(violation) => BreakEvidence::of_response(value, built.response, violation),
                None => BreakEvidence::Refuted(self.accepted(&built.response.line())),
            },
        }
    }

    /// A status code of a pattern and what the sender declares for it.
    pub(super) fn declared(self, status: &str) -> Option<(u16, &'c DeclaredResponse)> {
        let pattern = StatusPattern::parse(status)?;
        let operation = self.sender.operation;
        let is_covered = |code: &u16| pattern.covers(*code).is_some();
        let found = |code: u16| Some((code, &**operation.response(code)?));
        let all = || usual_statuses().filter(is_covered).filter_map(found);
        all()
            .find(|(_, declared)| declared.status == pattern)
            .or_else(|| all().next())
    }
}
