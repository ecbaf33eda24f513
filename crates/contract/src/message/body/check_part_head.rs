//! Checks the header fields of a part: its media type, and those that an Encoding Object declares.

use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::ViolationClass;

use super::body_judge::BodyJudge;
use super::form_data::FormPart;
use super::form_fields::FormField;
use crate::message::media_range::MediaRange;
use crate::message::parameter::{Parameter, ParameterSource, ParameterStyle, read};
use crate::schema::schema_verdict::SchemaVerdict;

impl FormPart {
    /// Checks the media type and the other headers of the part. `pointer` is the one to the part.
    pub(super) fn check_head(
        &self,
        judge: &mut BodyJudge<'_>,
        field: &FormField,
        pointer: &dyn Fn() -> String,
        tape: &mut Tape,
    ) {
        // A part without a type is text (RFC 7578 section 4.4).
        let label = self.head.content_type.as_deref().unwrap_or("text/plain");
        let found = MediaRange::parse(label);
        let is_covered = |range: &String| {
            let range = MediaRange::parse(range);
            matches!((range, &found), (Some(range), Some(found)) if range.covers(found).is_some())
        };
        if !field.content_types.is_empty() && !field.content_types.iter().any(is_covered) {
            let shown: String = label.chars().take(100).collect();
            let message = format!("the part's media type `{shown}` is not declared");
            let class = ViolationClass::UnsupportedMediaType;
            let mut violation = judge
                .violation(class, message)
                .with_expected(field.content_types.join(" or "));
            violation.masked = "the part's media type is not declared".to_owned();
            violation.pointer = pointer();
            judge.push(violation);
        }
        for header in &field.headers {
            self.check_header(judge, header, pointer, tape);
        }
        if let Some(node_ref) = field.unread_header {
            judge.push_unread(node_ref, &pointer());
        }
    }

    fn check_header(
        &self,
        judge: &mut BodyJudge<'_>,
        header: &Parameter,
        pointer: &dyn Fn() -> String,
        tape: &mut Tape,
    ) {
        let name = &header.name;
        let mut lines = self
            .head
            .fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let message = match (lines.next(), lines.next()) {
            (None, _) if !header.required => return,
            (None, _) => "is required but missing",
            (Some(_), Some(_)) => "occurs more than once",
            (Some((_, text)), None) => match header_verdict(judge, header, text, tape) {
                SchemaVerdict::Valid => return,
                SchemaVerdict::Unknown(part) => return judge.push_unread(part, &pointer()),
                SchemaVerdict::Invalid | SchemaVerdict::OverLimit => "does not match its schema",
            },
        };
        let message = format!("the part's header `{name}` {message}");
        let mut violation = judge
            .violation(ViolationClass::InvalidBody, message)
            .with_location(judge.contract.location(header.node_ref));
        violation.pointer = pointer();
        judge.push(violation);
    }
}

/// The verdict about a header field by the best of its readings.
fn header_verdict(
    judge: &BodyJudge<'_>,
    header: &Parameter,
    text: &str,
    tape: &mut Tape,
) -> SchemaVerdict {
    let Some(key) = &header.schema else {
        let unread = header.unread.map(SchemaVerdict::Unknown);
        return unread.unwrap_or(SchemaVerdict::Valid);
    };
    let schemas = judge.schemas();
    if header.style == ParameterStyle::JsonContent {
        let parsed = tape.parse(key.as_str(), text.as_bytes(), judge.json_limits());
        return parsed.map_or(SchemaVerdict::Invalid, |source| {
            schemas.verdict(tape.wrapped(source))
        });
    }
    let mut best = SchemaVerdict::Invalid;
    for (reading, as_text) in header.readings_in_order() {
        let source = ParameterSource::One(text);
        if read(tape, key.as_str(), header, reading, source, as_text).is_err() {
            continue;
        }
        match schemas.verdict(tape.wrapped("")) {
            SchemaVerdict::Valid => return SchemaVerdict::Valid,
            unknown @ SchemaVerdict::Unknown(_) => best = unknown,
            SchemaVerdict::Invalid | SchemaVerdict::OverLimit => {}
        }
    }
    best
}
