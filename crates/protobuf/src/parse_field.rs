//! Parses fields, oneofs and enumerations.

use crate::proto_file::{
    TextFault, WrittenEnum, WrittenField, WrittenLabel, WrittenMessage, WrittenType, json_name_of,
};
use crate::proto_parser::{FieldOptions, Parsed, ProtoParser};
use crate::proto_token::ProtoTokenKind;
use crate::protobuf_schema::{SCALAR_TYPES, ScalarType};

impl ProtoParser<'_> {
    pub(crate) fn oneof(&mut self, message: &mut WrittenMessage) -> Parsed<()> {
        let place = self.place();
        let name = self.word("the name of the oneof")?.to_owned();
        let number = message.oneofs.len();
        let before = message.fields.len();
        message.oneofs.push((name, place));
        self.symbol('{')?;
        while !self.takes_symbol('}') {
            if self.takes_symbol(';') {
                continue;
            }
            let has_option = self.is_word("option");
            let after = self.after();
            if has_option && !matches!(after, ProtoTokenKind::Symbol('.')) {
                self.next();
                self.option()?;
                continue;
            }
            self.field_of(message, Some(number))?;
        }
        if message.fields.len() == before {
            return Err(TextFault {
                line: place.line,
                column: place.column,
                message: "the oneof has no field: add one".to_owned(),
            });
        }
        Ok(())
    }

    pub(crate) fn field_of(
        &mut self,
        message: &mut WrittenMessage,
        oneof: Option<usize>,
    ) -> Parsed<()> {
        let mut field = self.field(&message.name, oneof.is_some())?;
        field.oneof = oneof;
        message.fields.push(field);
        Ok(())
    }

    pub(crate) fn extend(&mut self, scope: &str) -> Parsed<()> {
        let target = self.full_name()?;
        self.symbol('{')?;
        while !self.takes_symbol('}') {
            if self.takes_symbol(';') {
                continue;
            }
            let field = self.field(scope, false)?;
            let entry = (target.clone(), scope.to_owned(), field);
            self.file.extensions.push(entry);
        }
        Ok(())
    }

    /// A field with everything up to its end.
    pub(crate) fn field(&mut self, scope: &str, is_in_oneof: bool) -> Parsed<WrittenField> {
        let label = match self.peek().kind {
            _ if is_in_oneof => WrittenLabel::Implied,
            ProtoTokenKind::Word("required") => WrittenLabel::Required,
            ProtoTokenKind::Word("optional") => WrittenLabel::Optional,
            ProtoTokenKind::Word("repeated") => WrittenLabel::Repeated,
            _ => WrittenLabel::Unlabelled,
        };
        if !matches!(label, WrittenLabel::Unlabelled | WrittenLabel::Implied) {
            self.next();
        }
        let after = self.after();
        if self.is_word("map") && *after == ProtoTokenKind::Symbol('<') {
            if label != WrittenLabel::Unlabelled {
                return self.expected("a map field without a label, and outside of a oneof");
            }
            return self.map_field(scope);
        }
        if self.is_word("group") && matches!(after, ProtoTokenKind::Word(_)) {
            self.next();
            return self.group(scope, label);
        }
        let value_type = self.field_type()?;
        self.field_rest(value_type, label)
    }

    pub(crate) fn field_type(&mut self) -> Parsed<WrittenType> {
        let name = self.full_name()?;
        let mut scalars = SCALAR_TYPES.into_iter();
        let scalar = scalars.find(|scalar| scalar.as_str() == name);
        Ok(scalar.map_or(WrittenType::Named(name), WrittenType::Scalar))
    }

    /// The name, the number and the options of a field.
    pub(crate) fn field_rest(
        &mut self,
        value_type: WrittenType,
        label: WrittenLabel,
    ) -> Parsed<WrittenField> {
        let place = self.place();
        let name = self.word("the name of a field")?.to_owned();
        self.symbol('=')?;
        let number = self.field_number()?;
        let options = self.field_options()?;
        self.symbol(';')?;
        let FieldOptions {
            json_name,
            is_packed,
            default,
        } = options;
        Ok(WrittenField {
            name,
            place,
            number,
            value_type,
            label,
            oneof: None,
            json_name,
            is_packed,
            default,
        })
    }

    pub(crate) fn field_number(&mut self) -> Parsed<u64> {
        let ProtoTokenKind::Integer(number) = self.peek().kind else {
            return self.expected("the number of the field");
        };
        self.next();
        Ok(number)
    }

    pub(crate) fn map_field(&mut self, scope: &str) -> Parsed<WrittenField> {
        self.next();
        self.symbol('<')?;
        let key_place = self.place();
        let key = self.field_type()?;
        self.symbol(',')?;
        let value = self.field_type()?;
        self.symbol('>')?;
        let is_key = match &key {
            WrittenType::Scalar(scalar) => !matches!(
                scalar,
                ScalarType::Double | ScalarType::Float | ScalarType::Bytes
            ),
            _ => false,
        };
        if !is_key {
            return Err(TextFault {
                line: key_place.line,
                column: key_place.column,
                message: "the keys of a map must be integers, bool or string".to_owned(),
            });
        }
        let field = self.field_rest(WrittenType::Map(String::new()), WrittenLabel::Implied)?;
        let entry = qualified(scope, &entry_name(&field.name));
        let part = |name: &str, number, value_type| WrittenField {
            name: name.to_owned(),
            place: field.place,
            number,
            value_type,
            label: WrittenLabel::Implied,
            oneof: None,
            json_name: None,
            is_packed: None,
            default: None,
        };
        self.file.messages.push(WrittenMessage {
            name: entry.clone(),
            place: field.place,
            is_nested: true,
            is_map_entry: true,
            fields: vec![part("key", 1, key), part("value", 2, value)],
            ..WrittenMessage::default()
        });
        Ok(WrittenField {
            value_type: WrittenType::Map(entry),
            ..field
        })
    }

    pub(crate) fn group(&mut self, scope: &str, label: WrittenLabel) -> Parsed<WrittenField> {
        let place = self.place();
        let name = self.word("the name of the group")?;
        if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return Err(self.fault(format!(
                "the group `{name}` must begin with a capital letter"
            )));
        }
        let full_name = qualified(scope, name);
        self.symbol('=')?;
        let number = self.field_number()?;
        let options = self.field_options()?;
        self.message_body(WrittenMessage {
            name: full_name.clone(),
            place,
            is_nested: true,
            ..WrittenMessage::default()
        })?;
        Ok(WrittenField {
            name: name.to_ascii_lowercase(),
            place,
            number,
            value_type: WrittenType::Group(full_name),
            label,
            oneof: None,
            json_name: options.json_name,
            is_packed: None,
            default: None,
        })
    }

    pub(crate) fn enumeration(&mut self, scope: &str) -> Parsed<()> {
        let place = self.place();
        let mut written = WrittenEnum {
            name: qualified(scope, self.word("the name of an enumeration")?),
            place,
            ..WrittenEnum::default()
        };
        self.symbol('{')?;
        while !self.takes_symbol('}') {
            self.enum_member(&mut written)?;
        }
        self.file.enums.push(written);
        Ok(())
    }

    fn enum_member(&mut self, written: &mut WrittenEnum) -> Parsed<()> {
        if self.takes_symbol(';') {
            return Ok(());
        }
        let place = self.place();
        let name = self.word("the name of a value")?;
        match name {
            _ if self.takes_symbol('=') => {
                let number = self.range_end::<i32>()?;
                self.field_options()?;
                written.values.push((name.to_owned(), number, place));
            }
            "option" => {
                let (option, value) = self.option_value()?;
                written.allows_alias |= option == "allow_alias" && value == "true";
            }
            "reserved" if matches!(self.peek().kind, ProtoTokenKind::Text(_)) => {
                self.names(&mut written.reserved_names)?;
            }
            "reserved" => self.ranges(&mut written.reserved)?,
            _ => return self.expected("`=` and the number of the value"),
        }
        self.symbol(';')
    }
}

/// A name in a scope.
pub(crate) fn qualified(scope: &str, name: &str) -> String {
    if scope.is_empty() {
        name.to_owned()
    } else {
        format!("{scope}.{name}")
    }
}

/// The name of the entry of a map field.
fn entry_name(field: &str) -> String {
    let name = json_name_of(&format!("_{field}"));
    name + "Entry"
}
