//! Accepts parameters that are written plainly, which most are, without a tape.

use super::declaration::{Parameter, ParameterReading};
use super::escapes::scalar_text;
use super::named_values::{only_value, values_of};
use super::parameter_source::ParameterSource;
use super::parameter_style::ParameterStyle;
use super::read_parameter::escapes_of;
use super::split_delimited::pieces;
use crate::message::violation::MessagePart;
use crate::schema::schema_set::{SchemaKey, SchemaSet};

impl Parameter {
    /// Whether the parameter is known to satisfy its schema by its first reading. If not, it has to
    /// be read and validated.
    pub(crate) fn is_accepted(
        &self,
        key: &SchemaKey,
        source: ParameterSource<'_>,
        schemas: &SchemaSet,
    ) -> bool {
        let is_plain = matches!(self.style, ParameterStyle::Simple | ParameterStyle::Form);
        let (true, Some(reading)) = (is_plain, self.readings.first()) else {
            return false;
        };
        let escapes = escapes_of(self.part);
        let decoded = |raw| scalar_text(raw, escapes).ok();
        let only = match (reading, source) {
            (ParameterReading::Object(_), _) => return false,
            // Few lists have items of several types.
            (ParameterReading::Array(items), _) if items.alike().is_none() => return false,
            (ParameterReading::Array(items), ParameterSource::Pairs(pairs, _))
                if self.explode && self.part != MessagePart::Cookie =>
            {
                let values = values_of(self, pairs, escapes);
                return schemas.accepts_scalars(key, values.map(decoded), items.at(0));
            }
            (_, ParameterSource::One(text)) => Ok(text),
            (_, ParameterSource::Pairs(pairs, _)) => only_value(self, pairs, escapes),
        };
        match (reading, only) {
            (ParameterReading::Scalar(types), Ok(raw)) => {
                decoded(raw).is_some_and(|text| schemas.accepts_scalar(key, &text, *types))
            }
            (ParameterReading::Array(items), Ok(raw)) => {
                let pieces = pieces(raw, ",").filter(|piece| !self.skips_item(piece));
                schemas.accepts_scalars(key, pieces.map(decoded), items.at(0))
            }
            _ => false,
        }
    }
}
