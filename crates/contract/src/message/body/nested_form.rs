//! A part of a multipart body that is a form itself, which a nested `encoding` describes (OpenAPI 3.2.0,
//! Nested Encoding).
//!
//! Its fields are read by the schema of the part. The value that they make is a part of the value of
//! the whole body, which is judged as one.

use portcullis_json::Tape;

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::described_parts::DescribedParts;
use super::field_writer::FieldWriter;
use super::form_data::{FormData, FormPart, PartContent};
use super::form_fields::NestedForm;
use super::form_value::FormValue;
use super::url_encoded::form_entries;
use crate::message::media_range::MediaRange;
use crate::message::parameter::{PairScratch, RawPairs};

impl FormPart {
    /// Whether the part is a form by its media type.
    pub(super) fn is_form(&self) -> bool {
        let label = self.head.content_type.as_deref();
        let format = label.and_then(MediaRange::parse);
        let format = format.map(|label| BodyFormat::of(&label));
        matches!(format, Some(BodyFormat::Form | BodyFormat::Multipart))
    }

    /// Reads the fields of the part. `None` if they cannot be read, which is reported at the pointer
    /// `below`.
    pub(super) fn form_value(
        &self,
        judge: &mut BodyJudge<'_>,
        nested: &NestedForm,
        below: &str,
        inner: &mut Tape,
    ) -> Option<FormValue<'static>> {
        let bytes = match &self.content {
            PartContent::Kept(bytes) => bytes,
            PartContent::Counted(count) => return Some(FormValue::Octets(*count)),
        };
        let content_type = self.head.content_type.as_deref().unwrap_or_default();
        let format = MediaRange::parse(content_type).map(|label| BodyFormat::of(&label));
        let mut tape = Tape::new();
        let limits = judge.json_limits();
        if format == Some(BodyFormat::Multipart) {
            let mut form = FormData::with_order(content_type, bytes.len(), false);
            form.feed_parts(DescribedParts::ByName(&nested.multipart), bytes);
            let entries = form.entries(judge, &nested.multipart, below, inner)?;
            let mut writer = FieldWriter {
                tape: &mut tape,
                inner,
                fields: &nested.multipart,
                pairs: RawPairs::EMPTY,
                limits,
            };
            entries.read_best(judge, &nested.key, below, &mut writer)?;
        } else {
            let FormValue::Text(text) = self.value_or_report(judge, below)? else {
                return None;
            };
            let mut pairs = PairScratch::default();
            let pairs = RawPairs::of_query(&text, &mut pairs);
            let entries = form_entries(judge, &nested.form, pairs, below)?;
            let mut writer = FieldWriter {
                tape: &mut tape,
                inner,
                fields: &nested.form,
                pairs,
                limits,
            };
            entries.read_best(judge, &nested.key, below, &mut writer)?;
        }
        Some(FormValue::Form(tape))
    }

    /// The value, unless it cannot be read, which is reported at the pointer `below`.
    pub(super) fn value_or_report(
        &self,
        judge: &mut BodyJudge<'_>,
        below: &str,
    ) -> Option<FormValue<'_>> {
        match self.value() {
            Ok(value) => Some(value),
            Err(message) => {
                judge.malformed(below.to_owned(), message);
                None
            }
        }
    }
}
