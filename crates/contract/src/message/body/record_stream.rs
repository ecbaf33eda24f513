//! The records of a body that is read as it arrives (OpenAPI 3.2.0, Streaming Sequential Media
//! Types: `itemSchema` is applied to each item independently).
//!
//! The caller keeps the bytes of the record in progress, so it also decides how many it keeps and
//! whether it forwards them before the verdict.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::content_coding::codings;
use super::content_decoder::ContentDecoder;
use super::event_stream::without_mark;
use super::json_records::{check_record, read_record};
use super::record_boundaries::RecordBoundaries;
use crate::message::check_settings::CheckScratch;
use crate::message::media_range::MediaRange;
use crate::message::operation::MediaType;

/// One sequence, as far as it has been read.
#[derive(Debug)]
pub struct RecordStream {
    format: BodyFormat,
    boundaries: RecordBoundaries,
    /// The number of records so far.
    count: u64,
    /// Whether no bytes were judged yet.
    is_at_start: bool,
}

impl RecordStream {
    /// A reader for the body of a message with these headers; `None` unless the body is a sequence and
    /// its media type in the contract has a schema for each record. A body with a content coding needs
    /// the decoder, which bounds the ratio of the decoded to the received size; a sequence that a
    /// schema describes as a whole, too, must have none.
    pub fn of(
        media: &MediaType,
        headers: &HeaderMap,
        ratio_max: usize,
    ) -> Option<(Self, Option<ContentDecoder>)> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let format = BodyFormat::of(&MediaRange::parse(content_type)?);
        let decoder = match codings(headers).ok()?.as_slice() {
            [] => None,
            [only] if !media.describes_all_records() => Some(ContentDecoder::of(*only, ratio_max)?),
            _ => return None,
        };
        let shape = media.shape.as_ref()?;
        let has_schema = shape.record_schema(media.schema.as_ref()?).is_some();
        let is_judged = format.is_record_sequence() && shape.checks(format) && has_schema;
        let stream = || Self {
            format,
            boundaries: RecordBoundaries::new(format),
            count: 0,
            is_at_start: true,
        };
        is_judged.then(|| (stream(), decoder))
    }

    /// Examines the next bytes. Returns how many of them belong to the record in progress if it ends
    /// among them, or `None` if all belong to it and it is not complete yet. The caller judges a record that has
    /// ended, and continues with the bytes after it.
    pub fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        self.boundaries.next_end(bytes)
    }

    /// Passes over a record whose bytes were not kept.
    pub fn skip_record(&mut self) {
        self.is_at_start = false;
        self.count += 1;
    }

    /// Checks the bytes of one record.
    pub(crate) fn check(
        &mut self,
        piece: &[u8],
        judge: &mut BodyJudge<'_>,
        scratch: &mut CheckScratch,
    ) {
        let media = judge.media;
        let (Some(key), Some(shape)) = (&media.schema, &media.shape) else {
            return;
        };
        let Some(item) = shape.record_schema(key) else {
            return;
        };
        let is_first = std::mem::replace(&mut self.is_at_start, false);
        let piece = match self.format {
            BodyFormat::EventStream if is_first => without_mark(piece),
            _ => piece,
        };
        let below = format!("/{}", self.count);
        match read_record(self.format, piece) {
            Ok(None) => return,
            Ok(Some(record)) => {
                check_record(judge, item, &record, &below, &mut scratch.tape);
            }
            Err(message) => judge.malformed(below, message.to_owned()),
        }
        self.count += 1;
    }
}
