//! Checks the query of a request as one value of a media type (OpenAPI 3.2.0, Parameter Locations,
//! `querystring`).
//!
//! A form is the query as it is. Any other media type is percent-encoded once, and `+` is itself:
//! only forms write a space so.

use portcullis_json::Tape;

use super::body_judge::BodyJudge;
use super::url_encoded::check_form;
use crate::message::parameter::{RawPairs, decode_percent};

impl BodyJudge<'_> {
    /// Checks the raw query, whose pairs are `pairs`.
    pub(crate) fn validate_query(
        &mut self,
        raw: &str,
        pairs: RawPairs<'_>,
        [tape, inner]: [&mut Tape; 2],
    ) {
        let media = self.media;
        let Some(key) = &media.schema else {
            return;
        };
        if let Some(shape) = media.shape.as_ref().filter(|_| media.is_form()) {
            return check_form(self, key, &shape.form, pairs, [tape, inner]);
        }
        let text = match decode_percent(raw) {
            Ok(text) => text,
            Err(error) => return self.malformed(String::new(), error.to_string()),
        };
        match &media.shape {
            _ if media.is_json => self.check_json(key, text.as_bytes(), tape),
            Some(shape) => self.check_scalar(key, shape, &text, tape),
            None => {}
        }
    }
}
