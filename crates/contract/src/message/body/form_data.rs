//! Multipart bodies, read as they arrive: `multipart/form-data` (RFC 7578) by the names of its parts,
//! and other types, or by `prefixEncoding` and `itemEncoding`, by their order.
//!
//! Only parts whose content a schema describes are kept. The octets of files are counted and never
//! decoded, whatever media type they declare, so a body may be larger than the memory it takes.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use portcullis_json::{Tape, pointer};
use portcullis_vocabulary::enforcement::ViolationClass;

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::charset::Charset;
use super::content_coding::codings;
use super::described_parts::DescribedParts;
use super::field_writer::FieldWriter;
use super::folded_names::{FoldedNames, read_as};
use super::form_entries::FormEntries;
use super::form_fields::FormFields;
use super::form_value::FormValue;
use super::multipart_reader::{MultipartError, MultipartReader, PartSink};
use super::part_head::{PartHead, PartHeadError, PartNaming};
use crate::message::check_settings::CheckScratch;
use crate::message::header_parameters::{HeaderParameter, HeaderParameters};
use crate::message::media_range::MediaRange;
use crate::message::operation::MediaType;
use crate::message::parameter::RawPairs;

/// The field that names the charset of the others.
const CHARSET_FIELD: &str = "_charset_";

/// One multipart body, as far as it has been read.
#[derive(Debug)]
pub struct FormData {
    reader: Result<MultipartReader, MultipartError>,
    /// Whether the parts are read by their position.
    is_ordered: bool,
    pub(super) parts: Vec<FormPart>,
    kept_bytes: usize,
    kept_bytes_max: usize,
}

/// One part.
#[derive(Debug)]
pub(super) struct FormPart {
    pub(super) head: PartHead,
    /// The declared field of the part, or its position.
    field: Option<usize>,
    pub(super) content: PartContent,
}

#[derive(Debug)]
pub(super) enum PartContent {
    Kept(Vec<u8>),
    Counted(u64),
}

impl FormData {
    /// A reader for the body of a message with these headers; `None` unless the body is an uncompressed
    /// multipart body that the media type of the contract checks.
    pub fn of(media: &MediaType, headers: &HeaderMap, kept_bytes_max: usize) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let format = BodyFormat::of(&MediaRange::parse(content_type)?);
        let is_multipart = matches!(format, BodyFormat::Multipart | BodyFormat::OrderedParts);
        let is_plain = codings(headers).is_ok_and(|codings| codings.is_empty());
        let is_checked = media.shape.as_ref()?.checks(format);
        (is_checked && is_multipart && is_plain)
            .then(|| Self::new(media, content_type, kept_bytes_max))
    }

    /// A reader for a body with this `Content-Type` that keeps at most `kept_bytes_max` of its parts.
    pub(super) fn new(media: &MediaType, content_type: &str, kept_bytes_max: usize) -> Self {
        let format = MediaRange::parse(content_type).map(|label| BodyFormat::of(&label));
        let layout = media.shape.as_ref().and_then(|shape| shape.parts.as_ref());
        let is_ordered = layout
            .is_some_and(|layout| layout.orders_forms || format == Some(BodyFormat::OrderedParts));
        let mut fields = media.shape.iter().flat_map(|shape| shape.multipart.iter());
        let naming = match fields.any(|field| field.nested.is_some()) {
            _ if is_ordered => PartNaming::Unnamed,
            true => PartNaming::NamedNesting,
            false => PartNaming::Named,
        };
        Self::with_naming(content_type, kept_bytes_max, naming)
    }

    /// A reader for a body whose parts have an order, or names.
    pub(super) fn with_order(content_type: &str, kept_bytes_max: usize, is_ordered: bool) -> Self {
        let naming = if is_ordered {
            PartNaming::Unnamed
        } else {
            PartNaming::Named
        };
        Self::with_naming(content_type, kept_bytes_max, naming)
    }

    fn with_naming(content_type: &str, kept_bytes_max: usize, naming: PartNaming) -> Self {
        Self {
            reader: boundary(content_type)
                .and_then(|boundary| MultipartReader::new(boundary, naming)),
            is_ordered: naming == PartNaming::Unnamed,
            parts: Vec::new(),
            kept_bytes: 0,
            kept_bytes_max,
        }
    }

    /// Reads more of the body by a media type of the contract. Bytes after an error are ignored.
    pub fn feed(&mut self, media: &MediaType, bytes: &[u8]) {
        if let Some(shape) = &media.shape {
            let layout = shape.parts.as_ref().filter(|_| self.is_ordered);
            let described = match layout {
                Some(layout) => DescribedParts::ByPosition(layout),
                None => DescribedParts::ByName(&shape.multipart),
            };
            self.feed_parts(described, bytes);
        }
    }

    pub(super) fn feed_parts(&mut self, described: DescribedParts<'_>, bytes: &[u8]) {
        let Ok(reader) = &mut self.reader else {
            return;
        };
        let mut collector = PartCollector {
            described,
            parts: &mut self.parts,
            kept_bytes: &mut self.kept_bytes,
            kept_bytes_max: self.kept_bytes_max,
        };
        if let Err(error) = reader.feed(bytes, &mut collector) {
            self.reader = Err(error);
        }
    }

    /// The memory of the parts that are kept, in bytes.
    pub const fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// Whether the body cannot be read.
    pub fn is_broken(&self) -> bool {
        self.reader.is_err()
    }

    /// Whether the body was read to its end. If not, it is reported at the pointer `below`.
    pub(super) fn is_read(&self, judge: &mut BodyJudge<'_>, below: &str) -> bool {
        let read = match &self.reader {
            Ok(reader) => reader.finish(),
            Err(error) => Err(error.clone()),
        };
        let Err(error) = read else {
            return true;
        };
        let class = match error {
            MultipartError::TooLarge { .. } => ViolationClass::BodyTooLarge,
            _ => ViolationClass::MalformedBody,
        };
        let mut violation = judge.violation(class, error.to_string());
        below.clone_into(&mut violation.pointer);
        judge.push(violation);
        false
    }

    /// Checks the body after its end, or after the first error.
    pub(crate) fn check(&self, judge: &mut BodyJudge<'_>, scratch: &mut CheckScratch) {
        let media = judge.media;
        let (Some(key), Some(shape)) = (&media.schema, &media.shape) else {
            return;
        };
        if let Some(layout) = shape.parts.as_ref().filter(|_| self.is_ordered) {
            let all = shape.is_of_all_records.then_some(key);
            if self.is_read(judge, "") {
                self.check_ordered(judge, layout, all, "", scratch);
            }
            return;
        }
        let fields = &shape.multipart;
        if let Some(entries) = self.entries(judge, fields, "", &mut scratch.inner) {
            let mut writer = FieldWriter {
                tape: &mut scratch.tape,
                inner: &mut scratch.inner,
                fields,
                pairs: RawPairs::EMPTY,
                limits: judge.json_limits(),
            };
            entries.check(judge, key, &mut writer);
        }
    }

    /// The fields of the parts by their names. `None` if one cannot be read or has a wrong type, which
    /// is reported below a pointer.
    pub(super) fn entries<'b, 'f>(
        &'b self,
        judge: &mut BodyJudge<'_>,
        fields: &'f FormFields,
        below: &str,
        inner: &mut Tape,
    ) -> Option<FormEntries<'b, 'f>> {
        if !self.is_read(judge, below) {
            return None;
        }
        let before = judge.violations.len();
        let mut entries = FormEntries::new(fields);
        let names = FoldedNames::of(fields);
        for part in &self.parts {
            let pointer = format!("{below}{}", part.pointer());
            if part.field.is_none()
                && let Some(known) = names.declared_as(&part.head.name)
            {
                judge.malformed(pointer, read_as(known));
                return None;
            }
            let field = part.field.map(|index| fields.get(index));
            if let Some(field) = field {
                part.check_head(judge, field, &|| pointer.clone(), inner);
            }
            let nested = field.and_then(|field| field.nested.as_deref());
            let value = match nested.filter(|_| part.is_form()) {
                Some(nested) => part.form_value(judge, nested, &pointer, inner)?,
                None => part.value_or_report(judge, &pointer)?,
            };
            let name = Cow::Borrowed(part.head.name.as_str());
            if let Err(error) = entries.add(name, value, part.is_json()) {
                judge.malformed(below.to_owned(), error.to_string());
                return None;
            }
        }
        // A part of a wrong type cannot match its schema, so its value is not checked.
        (!judge.is_refuted_since(before)).then_some(entries)
    }
}

/// The boundary. Some recipients take the first `boundary` anywhere in the field, and some decode
/// names and values with the charset of the whole body.
pub(super) fn boundary(content_type: &str) -> Result<&str, MultipartError> {
    let (kind, parameters) =
        content_type.split_at(content_type.find(';').ok_or(MultipartError::Boundary)?);
    let parameters = HeaderParameters::parse(parameters);
    let parameters = parameters.map_err(|_| MultipartError::ContentType)?;
    let boundary = parameters
        .value("boundary")
        .ok_or(MultipartError::Boundary)?;
    let is_misread = |parameter: &HeaderParameter<'_>| {
        let is_boundary = parameter.name.eq_ignore_ascii_case("boundary");
        let is_charset = parameter.name.eq_ignore_ascii_case("charset");
        let names_boundary = |text: &str| text.to_ascii_lowercase().contains("boundary");
        (!is_boundary && (names_boundary(parameter.name) || names_boundary(parameter.value)))
            || (is_charset && !is_utf8(parameter.value))
    };
    let is_plain = parameters.is_plain && kind.trim() == kind;
    if !is_plain || parameters.iter().any(is_misread) {
        return Err(MultipartError::ContentType);
    }
    Ok(boundary)
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "us-ascii"]
        .iter()
        .any(|known| charset.eq_ignore_ascii_case(known))
}

/// Collects the parts of one body.
struct PartCollector<'c> {
    described: DescribedParts<'c>,
    parts: &'c mut Vec<FormPart>,
    kept_bytes: &'c mut usize,
    kept_bytes_max: usize,
}

impl PartSink for PartCollector<'_> {
    fn begin(&mut self, head: PartHead) -> Result<(), MultipartError> {
        let (field, is_counted) = self.described.of(&head, self.parts.len());
        if !self.described.may_be(&head, field) {
            let (part, error) = (self.parts.len() + 1, PartHeadError::Nested);
            return Err(MultipartError::Head { part, error });
        }
        self.parts.push(FormPart {
            head,
            field,
            content: if is_counted {
                PartContent::Counted(0)
            } else {
                PartContent::Kept(Vec::new())
            },
        });
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        match self.parts.last_mut().map(|part| &mut part.content) {
            Some(PartContent::Kept(kept)) => {
                *self.kept_bytes += bytes.len();
                if *self.kept_bytes > self.kept_bytes_max {
                    let bytes_max = self.kept_bytes_max;
                    return Err(MultipartError::TooLarge { bytes_max });
                }
                kept.extend_from_slice(bytes);
            }
            Some(PartContent::Counted(count)) => *count += bytes.len() as u64,
            None => {}
        }
        Ok(())
    }
}

fn unknown_charset() -> String {
    format!(
        "the part's charset is not supported; expected {}",
        Charset::NAMES
    )
}

impl FormPart {
    fn pointer(&self) -> String {
        format!("/{}", pointer::escape(&self.head.name))
    }

    fn is_json(&self) -> bool {
        let label = self.head.content_type.as_deref();
        label
            .and_then(MediaRange::parse)
            .is_some_and(|label| label.is_json())
    }

    /// The value, or why it cannot be read.
    pub(super) fn value(&self) -> Result<FormValue<'_>, String> {
        let bytes = match &self.content {
            PartContent::Counted(count) => return Ok(FormValue::Octets(*count)),
            PartContent::Kept(bytes) => bytes,
        };
        let label = self.head.content_type.as_deref();
        let charset = match label.and_then(MediaRange::parse) {
            Some(label) => Charset::of(&label).ok_or_else(unknown_charset)?,
            None => Charset::Utf8,
        };
        // Few recipients decode a part by its own charset.
        if charset == Charset::Latin1 && !bytes.is_ascii() {
            return Err("the part is not UTF-8, which recipients expect; send UTF-8".to_owned());
        }
        let text = charset.decode(bytes).map_err(|error| error.to_string())?;
        // The charset of all other parts (RFC 7578 section 4.6), which few recipients honour.
        if self.head.name == CHARSET_FIELD && !is_utf8(text.trim()) {
            return Err("another charset than utf-8 is not supported; send UTF-8".to_owned());
        }
        Ok(FormValue::Text(text))
    }
}
