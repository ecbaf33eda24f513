//! Reads a list or an object some of whose texts are strings and others are not.
//!
//! `3` and `77` may be a number and a string: of the items of `oneOf: [{type: integer, maximum: 5},
//! {type: string, minLength: 2}]`, for example. The texts that the schema refuses as other types are
//! read as strings.

use std::collections::BTreeSet;

use portcullis_json::pointer;

use super::head_judge::HeadJudge;
use crate::message::parameter::{
    Parameter, ParameterReading, ParameterSource, read, read_with_strings,
};
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_verdict::SchemaVerdict;

impl HeadJudge<'_, '_> {
    /// Whether a value is valid if the items or properties that its schema refuses are strings.
    pub(super) fn is_valid_by_part(
        &mut self,
        parameter: &Parameter,
        key: &SchemaKey,
        reading: &ParameterReading,
        source: ParameterSource<'_>,
    ) -> bool {
        let is_list = !matches!(reading, ParameterReading::Scalar(_));
        if !is_list || !reading.is_ambiguous() {
            return false;
        }
        if read(self.tape, key.as_str(), parameter, reading, source, false).is_err() {
            return false;
        }
        let schemas = self.contract.schemas(self.direction);
        let errors = schemas.errors(self.tape.wrapped(""));
        // The first token is the key of the schema.
        let parts = errors.iter().filter_map(|error| {
            let path = error.instance_path().as_str();
            pointer::tokens(path)
                .nth(1)
                .map(std::borrow::Cow::into_owned)
        });
        let strings: BTreeSet<String> = parts.collect();
        if strings.is_empty() {
            return false;
        }
        let written = read_with_strings(
            self.tape,
            key.as_str(),
            parameter,
            reading,
            source,
            &strings,
        );
        written.is_ok() && schemas.verdict(self.tape.wrapped("")) == SchemaVerdict::Valid
    }
}
