//! The serialization of parameters and headers. A value in another style is another message.

use portcullis_contract::{
    CompiledContract, DocumentSet, MessageDirection, MessagePart, Parameter, ParameterStyle,
};
use portcullis_json::JsonNode;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::ExchangePart;
use super::super::containment::FoundText;
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison};
use super::nested_lists::nested_formats;
use super::parameter_changes::value_schema;
use super::value_encoding::{WrittenForms, text_form};

/// The serialization of a value, reduced to what shows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct EffectiveStyle {
    style: ParameterStyle,
    explode: bool,
}

impl EffectiveStyle {
    /// `is_plain` and `has_members` describe the values that either revision may send.
    fn of(parameter: &Parameter, is_plain: bool, has_members: bool) -> Self {
        let Parameter { style, explode, .. } = *parameter;
        match style {
            // A single value needs no delimiters. Only path styles add a prefix.
            ParameterStyle::SpaceDelimited
            | ParameterStyle::PipeDelimited
            | ParameterStyle::TabDelimited
            | ParameterStyle::DeepObject
                if is_plain =>
            {
                Self {
                    style: ParameterStyle::Form,
                    explode: false,
                }
            }
            _ if is_plain => Self {
                style,
                explode: false,
            },
            // OpenAPI 3.0.4, Style Examples: exploded items look the same in these styles.
            ParameterStyle::SpaceDelimited | ParameterStyle::PipeDelimited if explode => Self {
                style: ParameterStyle::Form,
                explode,
            },
            ParameterStyle::Simple | ParameterStyle::Label => Self {
                style,
                explode: explode && (has_members || style == ParameterStyle::Label),
            },
            ParameterStyle::DeepObject
            | ParameterStyle::WholeQuery
            | ParameterStyle::JsonContent
            | ParameterStyle::OtherContent => Self {
                style,
                explode: false,
            },
            _ => Self { style, explode },
        }
    }
}

impl ContractComparison<'_> {
    /// Compares the serialization of a value.
    pub(super) fn serialization(
        &mut self,
        scope: &ChangeScope,
        direction: MessageDirection,
        part: &ExchangePart,
        before: &Parameter,
        after: &Parameter,
    ) -> WrittenForms {
        let is_plain = has_one_part(self.old, before) && has_one_part(self.new, after);
        let has_members = before.has_members() || after.has_members();
        let was = EffectiveStyle::of(before, is_plain, has_members);
        let is = EffectiveStyle::of(after, is_plain, has_members);
        let change = || ChangeDetails::at(part.clone()).between(before.node_ref, after.node_ref);
        let is_content = |style: ParameterStyle| {
            matches!(
                style,
                ParameterStyle::JsonContent | ParameterStyle::OtherContent
            )
        };
        if direction == MessageDirection::Request {
            self.flags(scope, part, before, after);
        }
        let lists = |contract, parameter: &Parameter| {
            let schema = value_schema(contract, parameter.node_ref);
            let formats = schema.map(|schema| nested_formats(contract, schema));
            formats.unwrap_or_default().join(" in ")
        };
        let (from_lists, to_lists) = (lists(self.old, before), lists(self.new, after));
        let has_lists = !from_lists.is_empty() && !to_lists.is_empty() && !is_content(was.style);
        let (rule, from, to) = if was == is && has_lists && from_lists != to_lists {
            let change = change().from(&from_lists).to(&to_lists);
            self.push("parameter.style.changed", scope, Some(direction), change);
            return WrittenForms::Different;
        } else if was == is {
            return WrittenForms::Same;
        } else if is_content(was.style) || is_content(is.style) {
            (
                "parameter.content.changed",
                named(was.style),
                named(is.style),
            )
        } else if was.style != is.style {
            ("parameter.style.changed", named(was.style), named(is.style))
        } else {
            let text = |explode: bool| if explode { "explode" } else { "no explode" };
            (
                "parameter.explode.changed",
                text(was.explode),
                text(is.explode),
            )
        };
        self.push(rule, scope, Some(direction), change().from(from).to(to));
        if is_json_spelling(before, after) {
            self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            return WrittenForms::Same;
        }
        let is_request = direction == MessageDirection::Request && !scope.is_outbound;
        if is_request && self.accepts_any_text(before, after) {
            self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            return WrittenForms::AnyText;
        }
        WrittenForms::Different
    }

    /// Whether the newer parameter accepts every text of a value that the older one writes as one text.
    fn accepts_any_text(&mut self, before: &Parameter, after: &Parameter) -> bool {
        let is_one_text = before.is_plain() || before.is_json_text();
        let is_read_whole = !after.has_members()
            && !matches!(
                after.style,
                ParameterStyle::Label
                    | ParameterStyle::Matrix
                    | ParameterStyle::DeepObject
                    | ParameterStyle::WholeQuery
                    | ParameterStyle::JsonContent
                    | ParameterStyle::OtherContent
            );
        let Some(schema) = after.schema().filter(|_| is_one_text && is_read_whole) else {
            return false;
        };
        let may_split = !after.is_plain();
        let form = text_form(after);
        let found = self.containment.find_refused_text(schema, form, may_split);
        found == FoundText::Empty
    }

    fn flags(
        &mut self,
        scope: &ChangeScope,
        part: &ExchangePart,
        before: &Parameter,
        after: &Parameter,
    ) {
        let request = Some(MessageDirection::Request);
        let change = || ChangeDetails::at(part.clone()).between(before.node_ref, after.node_ref);
        if before.part != MessagePart::Query {
            return;
        }
        match (before.allow_empty, after.allow_empty) {
            (true, false) => self.push("parameter.empty.refused", scope, request, change()),
            (false, true) => self.push("parameter.empty.allowed", scope, request, change()),
            _ => {}
        }
        let (was, is) = self.members(before.node_ref, after.node_ref, "allowReserved");
        let flag = |found: Option<(_, JsonNode<'_>)>| {
            found.and_then(|(_, flag)| flag.as_bool()) == Some(true)
        };
        if flag(was) != flag(is) {
            self.push("parameter.reserved.changed", scope, request, change());
        }
    }
}

/// Whether one revision writes a number or a boolean as JSON, and the other one as text without
/// delimiters: the texts are the same.
fn is_json_spelling(before: &Parameter, after: &Parameter) -> bool {
    let is_spelled = |parameter: &Parameter| {
        parameter.is_same_in_json()
            && matches!(
                parameter.style,
                ParameterStyle::JsonContent
                    | ParameterStyle::Form
                    | ParameterStyle::Simple
                    | ParameterStyle::Cookie
            )
    };
    before.is_json_text() != after.is_json_text() && is_spelled(before) && is_spelled(after)
}

/// Whether the value is written without delimiters: a scalar, or an array of at most one item whose
/// text contains none.
fn has_one_part(contract: &CompiledContract, parameter: &Parameter) -> bool {
    parameter.is_plain() || is_single_item(contract, parameter).unwrap_or(false)
}

fn is_single_item(contract: &CompiledContract, parameter: &Parameter) -> Option<bool> {
    if parameter.style == ParameterStyle::DeepObject {
        return None;
    }
    let documents = contract.documents();
    let at = contract.resolved(value_schema(contract, parameter.node_ref)?);
    let schema = documents.node(at);
    let items = contract.resolved(DocumentSet::node_ref(at, schema.get("items")?));
    let item_type = documents.node(items).get("type")?.as_str()?;
    let items_max = schema.get("maxItems")?.number_text()?.parse::<u64>().ok()?;
    Some(
        schema.get("type")?.as_str()? == "array"
            && items_max <= 1
            && matches!(item_type, "integer" | "number" | "boolean"),
    )
}

const fn named(style: ParameterStyle) -> &'static str {
    match style {
        ParameterStyle::Matrix => "matrix",
        ParameterStyle::Label => "label",
        ParameterStyle::Simple => "simple",
        ParameterStyle::Form => "form",
        ParameterStyle::Cookie => "cookie",
        ParameterStyle::SpaceDelimited => "spaceDelimited",
        ParameterStyle::PipeDelimited => "pipeDelimited",
        ParameterStyle::TabDelimited => "tabDelimited",
        ParameterStyle::DeepObject => "deepObject",
        ParameterStyle::WholeQuery => "the whole query",
        ParameterStyle::JsonContent => "JSON",
        ParameterStyle::OtherContent => "another media type",
    }
}
