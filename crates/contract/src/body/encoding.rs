//! Compiling encodings: from a media type's schema and Encoding Objects to how its bodies are
//! read (OpenAPI 3.0.4 and 3.1.1, Encoding Object).

use portcullis_json::Node;

use super::super::dialect::Dialect;
use super::super::document::{Documents, Place};
use super::super::media::{MediaRange, split_unquoted};
use super::super::parameter::{Parameter, Style, header, readings};
use super::super::reference::follow;
use super::super::schema::SchemaKey;
use super::super::shape::{Surface, TypeSet};
use super::super::violation::Part;
use super::model::{Attempt, BodyShape, Field, Fields};
use super::notation::Notation;

/// Compiles the reading of a media type whose schema stands at `schema`; `schema_key` registers
/// the schemas that are judged on their own. Nothing where bodies of this type are not judged.
pub(in super::super) fn shape(
    surface: Surface<'_>,
    range: &MediaRange<'_>,
    media: Place,
    schema: Place,
    schema_key: &mut dyn FnMut(Place) -> SchemaKey,
) -> Option<Box<BodyShape>> {
    let notation = (!range.is_range()).then(|| Notation::of(range));
    let types = surface.types(schema);
    let may_be = |one| notation.is_none_or(|notation| notation == one);
    let mut reader = Reader {
        surface,
        media,
        schema_key,
    };
    let mut shape = BodyShape {
        types,
        is_telling: surface.says(schema, &says_something_of_text),
        is_measured: surface.says(schema, &|keyword, _| is_length(keyword)),
        form: Fields::default(),
        multipart: Fields::default(),
        items: None,
    };
    if notation.is_some_and(|notation| !shape.judges(notation)) {
        return None;
    }
    if may_be(Notation::Form) {
        shape.form = reader.fields(schema, Notation::Form);
    }
    if may_be(Notation::Multipart) {
        shape.multipart = reader.fields(schema, Notation::Multipart);
    }
    let may_be_records = may_be(Notation::Lines) || may_be(Notation::Sequence);
    if may_be_records && types == TypeSet::ARRAY {
        let items = surface.below(schema, "items").first().copied();
        shape.items = Some(items.map(reader.schema_key));
    }
    Some(Box::new(shape))
}

fn describes_others(keyword: &str, _: Node<'_>) -> bool {
    matches!(keyword, "patternProperties" | "unevaluatedProperties")
}

fn is_length(keyword: &str) -> bool {
    matches!(keyword, "minLength" | "maxLength")
}

/// Whether a keyword says more than that there is text, or octets.
fn says_something_of_text(keyword: &str, value: Node<'_>) -> bool {
    match keyword {
        "type" => value.as_str() != Some("string"),
        "format" => value.as_str() != Some("binary"),
        "$ref" => false,
        _ => !is_annotation(keyword),
    }
}

fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 12] = [
        "title",
        "description",
        "example",
        "examples",
        "default",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "externalDocs",
        "xml",
    ];
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

struct Reader<'r, 'd> {
    surface: Surface<'d>,
    media: Place,
    schema_key: &'r mut dyn FnMut(Place) -> SchemaKey,
}

impl Reader<'_, '_> {
    fn fields(&mut self, schema: Place, notation: Notation) -> Fields {
        let members = self.surface.members(schema);
        let list: Vec<Field> = members
            .into_iter()
            .map(|(name, places)| self.field(name, &places, notation))
            .collect();
        let rest: Vec<Place> = self.surface.below(schema, "additionalProperties");
        let is_schema = |place: &Place| self.surface.documents.node(*place).is_object();
        let rest: Vec<Place> = rest.into_iter().filter(is_schema).collect();
        let others = match rest.is_empty() {
            // Undescribed text is a string, unless a pattern of names says otherwise.
            true => vec![
                Attempt::Scalar(TypeSet::ALL, true),
                Attempt::Scalar(TypeSet::ALL, false),
                Attempt::Items(TypeSet::ALL, true),
                Attempt::Items(TypeSet::ALL, false),
            ],
            false => self.attempts(&rest, &[], notation),
        };
        let takes_others = |field: &Field| {
            field
                .styled
                .as_ref()
                .is_some_and(Parameter::takes_any_query)
        };
        let siblings = match list.iter().any(takes_others) {
            true => list.iter().map(|field| self.sibling(field)).collect(),
            false => Vec::new(),
        };
        Fields {
            list,
            others,
            siblings,
            counts_files: rest.is_empty() && !self.surface.says(schema, &describes_others),
        }
    }

    fn field(&mut self, name: String, places: &[Place], notation: Notation) -> Field {
        let documents = self.surface.documents;
        let encoding = documents
            .member(self.media, "encoding")
            .and_then(|encodings| documents.member(encodings, &name));
        let place = places.first().copied().unwrap_or(self.media);
        let (mut content_types, mut headers, mut styled) = (Vec::new(), Vec::new(), None);
        if let Some(encoding) = encoding {
            content_types = self.content_types(encoding);
            match notation {
                Notation::Form => styled = self.styled(&name, places, encoding),
                _ => headers = self.headers(encoding),
            }
        }
        Field {
            attempts: self.attempts(places, &content_types, notation),
            name,
            styled,
            content_types,
            headers,
            place,
        }
    }

    fn content_types(&self, encoding: Place) -> Vec<String> {
        let node = self.surface.documents.node(encoding);
        let list = node.get("contentType").and_then(|list| list.as_str());
        list.into_iter()
            .flat_map(|list| split_unquoted(list, ','))
            .map(|range| range.trim().to_owned())
            .filter(|range| MediaRange::parse(range).is_some())
            .collect()
    }

    fn headers(&mut self, encoding: Place) -> Vec<Parameter> {
        let documents = self.surface.documents;
        let Some(headers) = documents.member(encoding, "headers") else {
            return Vec::new();
        };
        let mut compiled = Vec::new();
        for (name, node) in documents.node(headers).members() {
            // Described by `contentType` alone (OpenAPI 3.0.4, Encoding Object, `headers`).
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            if let Ok(place) = follow(documents, Documents::place(headers, node)) {
                compiled.extend(header(self.surface, name, place, self.schema_key).ok());
            }
        }
        compiled
    }

    /// With `style`, `explode` or `allowReserved` a member is written like a query parameter.
    fn styled(&self, name: &str, places: &[Place], encoding: Place) -> Option<Parameter> {
        let node = self.surface.documents.node(encoding);
        let (style, explode) = (node.get("style"), node.get("explode"));
        if style.is_none() && explode.is_none() && node.get("allowReserved").is_none() {
            return None;
        }
        let style = match style.and_then(|style| style.as_str()) {
            Some("spaceDelimited") => Style::SpaceDelimited,
            Some("pipeDelimited") => Style::PipeDelimited,
            Some("deepObject") => Style::DeepObject,
            _ => Style::Form,
        };
        let explode = explode.and_then(|explode| explode.as_bool());
        let mut all = Vec::new();
        for place in places {
            for reading in readings(self.surface, *place) {
                if !all.contains(&reading) {
                    all.push(reading);
                }
            }
        }
        Some(Parameter {
            explode: explode.unwrap_or(style == Style::Form),
            style,
            readings: all,
            ..plain(name, places.first().copied().unwrap_or(encoding))
        })
    }

    fn sibling(&self, field: &Field) -> Parameter {
        let plain = || plain(&field.name, field.place);
        field.styled.clone().unwrap_or_else(plain)
    }

    /// The ways to read a member, by the media type that its encoding names, else by its types
    /// (the table of `contentType`, OpenAPI 3.0.4 and 3.1.1, Encoding Object).
    fn attempts(
        &self,
        places: &[Place],
        content_types: &[String],
        notation: Notation,
    ) -> Vec<Attempt> {
        let surface = self.surface;
        let parsed = || {
            content_types
                .iter()
                .filter_map(|range| MediaRange::parse(range))
        };
        let types = places
            .iter()
            .map(|place| surface.types(*place))
            .fold(TypeSet::NONE, |all, types| all | types);
        let items: Vec<Place> = places
            .iter()
            .flat_map(|place| surface.below(*place, "items"))
            .collect();
        let is_json = !content_types.is_empty() && parsed().all(|range| range.is_json());
        if is_json {
            let items = types.has(TypeSet::ARRAY).then_some(Attempt::JsonItems);
            return items.into_iter().chain([Attempt::Json]).collect();
        }
        let is_file = |places: &[Place]| {
            let is_binary = |place: &Place| is_binary(surface, *place, content_types);
            notation == Notation::Multipart && !places.is_empty() && places.iter().all(is_binary)
        };
        if is_file(&items) && types == TypeSet::ARRAY {
            return vec![Attempt::OctetItems];
        }
        if is_file(places) {
            return vec![Attempt::Octets];
        }
        let item_types = items
            .iter()
            .map(|place| surface.types(*place))
            .reduce(|all, types| all | types)
            .unwrap_or(TypeSet::ALL);
        by_types(types, item_types)
    }
}

/// The ways to read a member of these types.
fn by_types(types: TypeSet, items: TypeSet) -> Vec<Attempt> {
    let structured = TypeSet::OBJECT | TypeSet::ARRAY;
    let mut attempts = Vec::new();
    if types.has(TypeSet::OBJECT) && types != TypeSet::ALL {
        attempts.push(Attempt::Json);
    }
    if types.has(TypeSet::SCALAR) {
        attempts.push(Attempt::Scalar(types, false));
        attempts.extend(types.is_mixed().then_some(Attempt::Scalar(types, true)));
    }
    if types.has(TypeSet::ARRAY) {
        if items.has(structured) && items != TypeSet::ALL {
            attempts.push(Attempt::JsonItems);
        }
        if items.has(TypeSet::SCALAR) {
            attempts.push(Attempt::Items(items, false));
            attempts.extend(items.is_mixed().then_some(Attempt::Items(items, true)));
        }
    }
    if attempts.is_empty() {
        attempts.push(Attempt::Scalar(types, false));
    }
    attempts
}

/// Whether a schema stands for octets: `format: binary`, a media type that is neither text nor
/// JSON, or in 3.1 no type at all.
fn is_binary(surface: Surface<'_>, place: Place, content_types: &[String]) -> bool {
    let types = surface.types(place);
    let is_string = types.has(TypeSet::STRING) && !types.has(TypeSet::OBJECT | TypeSet::ARRAY);
    let is_format =
        |keyword: &str, value: Node<'_>| keyword == "format" && value.as_str() == Some("binary");
    let is_named = |range: &String| {
        MediaRange::parse(range)
            .is_some_and(|range| range.kind() != "*" && Notation::of(&range) == Notation::Octets)
    };
    if is_string && surface.says(place, &is_format) {
        return true;
    }
    if is_string && !content_types.is_empty() && content_types.iter().all(is_named) {
        return true;
    }
    let is_silent = |keyword: &str, _: Node<'_>| {
        !(is_length(keyword) || is_annotation(keyword) || keyword == "$ref")
    };
    surface.dialect == Dialect::V31 && types == TypeSet::ALL && !surface.says(place, &is_silent)
}

fn plain(name: &str, place: Place) -> Parameter {
    Parameter {
        name: name.to_owned(),
        part: Part::Query,
        required: false,
        style: Style::Form,
        explode: true,
        allow_empty: false,
        place,
        readings: Vec::new(),
        schema: None,
        slot: usize::MAX,
    }
}
