//! The names under which the query and cookies carry the values of parameters. The properties of an
//! exploded object, and those of a query that is a form, are sent under their own names.

use portcullis_contract::{
    CompiledContract, MediaRange, MediaType, MessagePart, Operation, Parameter, ParameterStyle,
    SchemaKey,
};

use super::super::containment::{ItemSeparation, TextCarrier, TextForm};
use super::parameter_changes::value_schema;

/// A name on the wire, and the property that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WireName {
    pub(super) name: String,
    pub(super) property: Option<String>,
}

/// A parameter with the names that it sends and reads.
#[derive(Debug)]
pub(super) struct NamedParameter<'c> {
    pub(super) parameter: &'c Parameter,
    pub(super) schema: Option<&'c SchemaKey>,
    /// The media type of the whole query, if the parameter is the whole query.
    pub(super) whole: Option<&'c MediaType>,
    names: Vec<WireName>,
    others: UndeclaredNames,
}

/// The names that a parameter has besides those that it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UndeclaredNames {
    None,
    /// The names that no other parameter has.
    Free,
    /// The names in brackets after its own name that no other parameter has.
    Bracketed,
    /// Every name. They are sent only if the schema says what their values are.
    Every {
        is_sent: bool,
    },
}

/// The parameters of an operation with their names.
pub(super) struct NamedParameters<'c>(pub(super) Vec<NamedParameter<'c>>);

impl<'c> NamedParameters<'c> {
    pub(super) fn of(contract: &'c CompiledContract, operation: &'c Operation) -> Self {
        let in_pairs = operation
            .parameters
            .iter()
            .filter(|parameter| matches!(parameter.part, MessagePart::Query | MessagePart::Cookie));
        let named = in_pairs.map(|parameter| match operation.query_content() {
            Some(media) if parameter.is_whole_query() => whole_query(contract, parameter, media),
            _ => named(parameter),
        });
        Self(named.collect())
    }

    /// All names that a parameter declares.
    pub(super) fn declared(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().flat_map(|known| &known.names);
        names.map(|known| known.name.as_str())
    }

    /// The name as a parameter sends it.
    pub(super) fn sent(&self, by: &NamedParameter<'c>, name: &str) -> Option<WireName> {
        let sends_others = match by.others {
            UndeclaredNames::None => false,
            UndeclaredNames::Free => true,
            UndeclaredNames::Bracketed => by.parameter.has_other_members(),
            UndeclaredNames::Every { is_sent } => is_sent,
        };
        if sends_others {
            self.read(by, name)
        } else {
            by.declared(name)
        }
    }

    /// The name as a parameter reads it.
    pub(super) fn read(&self, by: &NamedParameter<'c>, name: &str) -> Option<WireName> {
        let is_free = || {
            let mut others = self.0.iter();
            !others.any(|other| {
                !std::ptr::eq(other.parameter, by.parameter)
                    && other.parameter.part == by.parameter.part
                    && other.declared(name).is_some()
            })
        };
        let property = match by.others {
            UndeclaredNames::None => None,
            UndeclaredNames::Every { .. } => Some(name),
            UndeclaredNames::Free => Some(name).filter(|_| is_free()),
            UndeclaredNames::Bracketed => {
                let rest = name.strip_prefix(by.parameter.name.as_str());
                let inner = rest.and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
                inner.filter(|_| is_free())
            }
        };
        let is_form = by.whole.is_none_or(is_form);
        by.declared(name).or_else(|| {
            property.map(|property| WireName {
                name: name.to_owned(),
                property: is_form.then(|| property.to_owned()),
            })
        })
    }
}

impl NamedParameter<'_> {
    fn declared(&self, name: &str) -> Option<WireName> {
        let mut names = self.names.iter();
        names.find(|known| known.name == name).cloned()
    }

    /// How the query or a cookie carries a value.
    pub(super) fn form(&self) -> TextForm {
        let carrier = match self.parameter.part {
            MessagePart::Cookie => TextCarrier::Cookie,
            MessagePart::Header => TextCarrier::Header,
            _ => TextCarrier::Query,
        };
        let items = match carrier {
            TextCarrier::Query if self.parameter.explode => ItemSeparation::Pairs,
            _ => ItemSeparation::Comma,
        };
        TextForm {
            carrier,
            items,
            excludes_empty: self.parameter.allow_empty,
        }
    }

    /// Whether its text is the whole query in a notation other than that of forms.
    pub(super) fn is_text(&self) -> bool {
        self.whole.is_some_and(|media| !is_form(media))
    }
}

/// A parameter of its own.
pub(super) fn named(parameter: &Parameter) -> NamedParameter<'_> {
    let is_deep = parameter.style == ParameterStyle::DeepObject;
    let is_exploded = matches!(
        parameter.style,
        ParameterStyle::Form | ParameterStyle::Cookie
    ) && parameter.explode;
    let has_own_names = (is_deep || is_exploded) && parameter.has_members();
    let property = |property: &str| WireName {
        name: if is_deep {
            format!("{}[{property}]", parameter.name)
        } else {
            property.to_owned()
        },
        property: Some(property.to_owned()),
    };
    let names: Vec<WireName> = parameter
        .member_names()
        .filter(|_| has_own_names)
        .map(property)
        .collect();
    let others = match has_own_names {
        true if is_deep => UndeclaredNames::Bracketed,
        true if parameter.has_other_members() => UndeclaredNames::Free,
        _ => UndeclaredNames::None,
    };
    let own = WireName {
        name: parameter.name.clone(),
        property: None,
    };
    let is_unnamed = names.is_empty() && others == UndeclaredNames::None;
    NamedParameter {
        parameter,
        schema: parameter.schema(),
        whole: None,
        names: if is_unnamed { vec![own] } else { names },
        others,
    }
}

/// The whole query. The properties of a form are pairs; other notations have no names.
fn whole_query<'c>(
    contract: &CompiledContract,
    parameter: &'c Parameter,
    media: &'c MediaType,
) -> NamedParameter<'c> {
    let schema = value_schema(contract, parameter.node_ref)
        .map(|schema| contract.documents().node(contract.resolved(schema)))
        .filter(|_| is_form(media));
    let properties = schema.and_then(|schema| schema.get("properties"));
    let properties = properties
        .into_iter()
        .flat_map(|properties| properties.members());
    let names = properties.map(|(name, _)| WireName {
        name: name.to_owned(),
        property: Some(name.to_owned()),
    });
    let others = schema.and_then(|schema| schema.get("additionalProperties"));
    NamedParameter {
        parameter,
        schema: media.schema.as_ref(),
        whole: Some(media),
        names: names.collect(),
        others: UndeclaredNames::Every {
            is_sent: others.is_some_and(|others| others.as_bool() != Some(false)),
        },
    }
}

fn is_form(media: &MediaType) -> bool {
    MediaRange::parse(&media.key).is_some_and(|range| {
        range.kind().eq_ignore_ascii_case("application")
            && range
                .subtype()
                .eq_ignore_ascii_case("x-www-form-urlencoded")
    })
}
