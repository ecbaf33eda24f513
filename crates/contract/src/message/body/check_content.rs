//! Checks a whole body: decodes it, and dispatches by its format.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use portcullis_json::Tape;

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::body_shape::BodyShape;
use super::charset::Charset;
use super::content_coding::{ContentCoding, ContentDecodeError, DecodeBounds, codings, decode};
use super::form_data::FormData;
use super::json_records::{check_all_records, check_records};
use super::url_encoded::check_form;
use crate::message::check_settings::CheckScratch;
use crate::message::media_range::MediaRange;
use crate::message::parameter::{RawPairs, put_scalar};
use crate::message::violation::{Violation, ViolationClass};
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_verdict::SchemaVerdict;

impl BodyJudge<'_> {
    /// Checks a whole body as it arrived with these headers. Returns whether it could be checked.
    pub(crate) fn validate_body(
        &mut self,
        headers: &HeaderMap,
        bytes: &[u8],
        scratch: &mut CheckScratch,
    ) -> bool {
        let Some(key) = &self.media.schema else {
            return true;
        };
        match self.decoded(headers, bytes) {
            Ok(bytes) => {
                self.check_decoded(key, headers, &bytes, scratch);
                true
            }
            Err(violation) => self.push(*violation),
        }
    }

    fn check_decoded(
        &mut self,
        key: &SchemaKey,
        headers: &HeaderMap,
        bytes: &[u8],
        scratch: &mut CheckScratch,
    ) {
        let media = self.media;
        if media.is_json {
            return self.check_json(key, bytes, &mut scratch.tape);
        }
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|line| line.to_str().ok())
            .unwrap_or(&media.key);
        let (Some(found), Some(shape)) = (MediaRange::parse(content_type), &media.shape) else {
            return;
        };
        let format = BodyFormat::of(&found);
        match format {
            BodyFormat::Json => self.check_json(key, bytes, &mut scratch.tape),
            BodyFormat::Form => match Charset::of(&found).unwrap_or(Charset::Utf8).decode(bytes) {
                Ok(text) => {
                    let CheckScratch {
                        tape, inner, query, ..
                    } = scratch;
                    let pairs = RawPairs::of_query(&text, query);
                    check_form(self, key, &shape.form, pairs, [tape, inner]);
                }
                Err(error) => self.malformed(String::new(), error.to_string()),
            },
            BodyFormat::Multipart | BodyFormat::OrderedParts if shape.checks(format) => {
                let bytes_max = bytes.len();
                let mut form = FormData::new(media, content_type, bytes_max);
                form.feed(media, bytes);
                form.check(self, scratch);
            }
            BodyFormat::JsonLines | BodyFormat::JsonSequence | BodyFormat::EventStream
                if shape.checks(format) =>
            {
                check_records(self, key, shape, format, bytes, &mut scratch.tape);
            }
            BodyFormat::Text if shape.checks(format) => {
                self.check_text(key, shape, &found, bytes, &mut scratch.tape);
            }
            BodyFormat::Octets if shape.checks(format) => {
                self.check_octets(bytes.len() as u64, &mut scratch.tape);
            }
            BodyFormat::JsonLines
            | BodyFormat::JsonSequence
            | BodyFormat::EventStream
            | BodyFormat::Multipart
            | BodyFormat::OrderedParts
            | BodyFormat::Text
            | BodyFormat::Octets
            | BodyFormat::Opaque => {}
        }
    }

    /// Checks all records of an uncompressed sequence as one array, if a schema describes them so.
    pub(crate) fn validate_sequence(
        &mut self,
        headers: &HeaderMap,
        bytes: &[u8],
        scratch: &mut CheckScratch,
    ) {
        let media = self.media;
        let line = headers
            .get(CONTENT_TYPE)
            .and_then(|line| line.to_str().ok());
        if let (Some(key), Some(shape)) = (&media.schema, &media.shape)
            && let Some(found) = line.and_then(MediaRange::parse)
            && shape.is_of_all_records
        {
            let format = BodyFormat::of(&found);
            check_all_records(self, key, format, bytes, &mut scratch.tape);
        }
    }

    fn decoded<'b>(
        &self,
        headers: &HeaderMap,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, Box<Violation>> {
        let codings = codings(headers).map_err(|error| {
            let message = error.to_string();
            let violation = self.violation(ViolationClass::UnsupportedEncoding, message);
            Box::new(violation.with_expected(ContentCoding::NAMES))
        })?;
        if codings.is_empty() {
            return Ok(Cow::Borrowed(bytes));
        }
        let bounds = DecodeBounds {
            bytes_max: self.settings.decoded_bytes_max,
            ratio_max: self.settings.decoded_ratio_max,
        };
        decode(&codings, bytes, bounds)
            .map(Cow::Owned)
            .map_err(|error| Box::new(self.undecodable(error)))
    }

    /// The violation of a body whose content coding cannot be decoded.
    pub(crate) fn undecodable(&self, error: ContentDecodeError) -> Violation {
        let class = if error.is_bound() {
            ViolationClass::BodyTooLarge
        } else {
            ViolationClass::MalformedBody
        };
        self.violation(class, error.to_string())
    }

    pub(super) fn check_json(&mut self, key: &SchemaKey, bytes: &[u8], tape: &mut Tape) {
        if self.accepts_json(key, bytes) {
            #[cfg(debug_assertions)]
            self.assert_valid(key, bytes, tape);
            return;
        }
        if let Some(source) = self.parse(key, bytes, tape, "") {
            self.validate_value(tape.wrapped(source), "");
        }
    }

    /// Whether a text is known to be right, which most are, without looking for what is wrong.
    fn accepts_json(&self, key: &SchemaKey, bytes: &[u8]) -> bool {
        let limits = self.json_limits();
        let schemas = self.schemas();
        schemas.accepts_text(key, bytes, limits)
            && schemas.closed().is_none_or(|closed| {
                !self.settings.is_on(ViolationClass::UnknownBodyProperty)
                    || closed.accepts_text(key, bytes, limits)
            })
    }

    /// Asserts that the validators agree about an accepted text, in all tests, unless it exceeds their
    /// limit of work.
    #[cfg(debug_assertions)]
    fn assert_valid(&mut self, key: &SchemaKey, bytes: &[u8], tape: &mut Tape) {
        use ViolationClass::{CheckLimit, ResponseCheckLimit};
        let found = self.violations.clone();
        let is_valid = self
            .parse(key, bytes, tape, "")
            .is_some_and(|source| self.validate_value(tape.wrapped(source), ""));
        let last = self.violations.last().map(|violation| violation.class);
        let is_over_limit = !is_valid && matches!(last, Some(CheckLimit | ResponseCheckLimit));
        assert!(
            is_over_limit || (is_valid && self.violations.len() == found.len()),
            "schema {} refuses an accepted text",
            key.as_str()
        );
        *self.violations = found;
    }

    /// Checks a text body. If the schema allows strings and other types, both readings are tried.
    fn check_text(
        &mut self,
        key: &SchemaKey,
        shape: &BodyShape,
        media: &MediaRange<'_>,
        bytes: &[u8],
        tape: &mut Tape,
    ) {
        let charset = Charset::of(media).unwrap_or(Charset::Utf8);
        match charset.decode(bytes) {
            Ok(text) => self.check_scalar(key, shape, &text, tape),
            Err(error) => self.malformed(String::new(), error.to_string()),
        }
    }

    /// Checks a text that is one scalar.
    pub(super) fn check_scalar(
        &mut self,
        key: &SchemaKey,
        shape: &BodyShape,
        text: &str,
        tape: &mut Tape,
    ) {
        let put = |tape: &mut Tape, as_text| {
            tape.begin(key.as_str());
            put_scalar(tape, text, shape.types, as_text);
        };
        let schemas = self.schemas();
        let mut unknown = None;
        if shape.types.is_mixed() {
            put(tape, true);
            match schemas.verdict(tape.wrapped("")) {
                SchemaVerdict::Valid => return,
                SchemaVerdict::Unknown(part) => unknown = Some(part),
                SchemaVerdict::Invalid | SchemaVerdict::OverLimit => {}
            }
        }
        put(tape, false);
        match unknown {
            Some(part) if schemas.verdict(tape.wrapped("")) == SchemaVerdict::Invalid => {
                self.push_unread(part, "");
            }
            _ => {
                self.validate_value(tape.wrapped(""), "");
            }
        }
    }
}
