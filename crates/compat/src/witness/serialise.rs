//! Serializes the values of parameters and header fields by their style (OpenAPI 3.0.4 and 3.1.1,
//! Style Values).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use portcullis_contract::{Parameter, ParameterStyle};

/// Escapes everything except unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Escapes the delimiter of style `label`, too.
const LABEL_RESERVED: &AsciiSet = &RESERVED.add(b'.');

/// How a named value is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueStyle<'n> {
    pub(super) name: &'n str,
    pub(super) style: ParameterStyle,
    pub(super) explode: bool,
}

impl<'n> ValueStyle<'n> {
    pub(super) fn of(parameter: &'n Parameter) -> Self {
        Self {
            name: &parameter.name,
            style: parameter.style,
            explode: parameter.explode,
        }
    }

    /// Whether the value is written by a media type.
    fn is_content(self) -> bool {
        matches!(
            self.style,
            ParameterStyle::JsonContent | ParameterStyle::OtherContent
        )
    }
}

/// A scalar as text; arrays and objects as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn label_escaped(text: &str) -> String {
    utf8_percent_encode(text, LABEL_RESERVED).to_string()
}

/// The items of an array, or the names and values of an object's properties.
fn pieces(value: &Value, escape: fn(&str) -> String) -> (Vec<String>, Vec<(String, String)>) {
    match value {
        Value::Array(items) => (
            items.iter().map(|item| escape(&plain(item))).collect(),
            Vec::new(),
        ),
        Value::Object(members) => {
            let pair = |(name, value): (&String, &Value)| (escape(name), escape(&plain(value)));
            (Vec::new(), members.iter().map(pair).collect())
        }
        scalar => (vec![escape(&plain(scalar))], Vec::new()),
    }
}

fn flat(members: &[(String, String)], between: &str) -> Vec<String> {
    members
        .iter()
        .map(|(name, value)| format!("{name}{between}{value}"))
        .collect()
}

/// The text of a path segment with this value. Parameters that are not declared have any text.
pub(crate) fn path_text(parameter: Option<&Parameter>, value: &Value) -> String {
    parameter.map_or_else(
        || escaped(&plain(value)),
        |parameter| in_path(parameter, value),
    )
}

/// Serializes a path parameter.
pub(super) fn in_path(parameter: &Parameter, value: &Value) -> String {
    let style = ValueStyle::of(parameter);
    let ValueStyle { name, explode, .. } = style;
    if style.is_content() {
        return escaped(&value.to_string());
    }
    let is_label = style.style == ParameterStyle::Label;
    let (items, members) = pieces(value, if is_label { label_escaped } else { escaped });
    let joined = |delimiter: &str| {
        let all = flat(&members, if explode { "=" } else { "," });
        let all = items.iter().cloned().chain(all);
        all.collect::<Vec<_>>().join(delimiter)
    };
    match style.style {
        ParameterStyle::Label if explode => format!(".{}", joined(".")),
        ParameterStyle::Label => format!(".{}", joined(",")),
        ParameterStyle::Matrix if explode && members.is_empty() => {
            items.iter().map(|item| format!(";{name}={item}")).collect()
        }
        ParameterStyle::Matrix if explode => format!(";{}", joined(";")),
        ParameterStyle::Matrix => format!(";{name}={}", joined(",")),
        _ => joined(","),
    }
}

/// Serializes a query parameter, without `?`.
pub(super) fn in_query(style: ValueStyle<'_>, value: &Value) -> String {
    let name = escaped(style.name);
    if style.is_content() {
        return format!("{name}={}", escaped(&value.to_string()));
    }
    let (items, members) = pieces(value, escaped);
    let delimiter = match style.style {
        ParameterStyle::DeepObject if value.is_object() => {
            let all = members
                .iter()
                .map(|(property, value)| format!("{name}%5B{property}%5D={value}"));
            return all.collect::<Vec<_>>().join("&");
        }
        _ if style.explode => {
            let items = items.iter().map(|item| format!("{name}={item}"));
            let all = items.chain(flat(&members, "="));
            return all.collect::<Vec<_>>().join("&");
        }
        ParameterStyle::SpaceDelimited => "%20",
        ParameterStyle::PipeDelimited => "%7C",
        ParameterStyle::TabDelimited => "%09",
        _ => ",",
    };
    let all: Vec<String> = items.into_iter().chain(flat(&members, delimiter)).collect();
    format!("{name}={}", all.join(delimiter))
}

/// The text of a header field with this value.
pub(crate) fn header_text(parameter: &Parameter, value: &Value) -> String {
    in_header(parameter, value)
}

/// Serializes a header field.
pub(super) fn in_header(parameter: &Parameter, value: &Value) -> String {
    let style = ValueStyle::of(parameter);
    if style.is_content() {
        return value.to_string();
    }
    let (items, members) = pieces(value, str::to_owned);
    let members = flat(&members, if style.explode { "=" } else { "," });
    items
        .into_iter()
        .chain(members)
        .collect::<Vec<_>>()
        .join(",")
}

/// Serializes cookies: one, or one for each property of an exploded object.
pub(super) fn in_cookie(parameter: &Parameter, value: &Value) -> String {
    let style = ValueStyle::of(parameter);
    if style.explode && !style.is_content() && value.is_object() {
        let (_, members) = pieces(value, str::to_owned);
        return flat(&members, "=").join("; ");
    }
    if let (true, ParameterStyle::Cookie, Value::Array(items)) = (style.explode, style.style, value)
    {
        let items = items
            .iter()
            .map(|item| format!("{}={}", parameter.name, plain(item)));
        return items.collect::<Vec<_>>().join("; ");
    }
    format!("{}={}", parameter.name, in_header(parameter, value))
}
