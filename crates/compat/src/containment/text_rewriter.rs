//! Rewrites a schema for values that are carried as text, where each scalar has several readings,
//! and describes the values that text can carry.
//!
//! - A scalar is read as a string, or as the number or the boolean that its text is.
//! - An array of one item looks like the item, and the other way round.
//! - Several items in one text also look like a string.
//! - Objects and arrays inside the fields of a form are JSON, which preserves types.

use hashbrown::HashMap;

use serde_json::{Value, json};

use super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas};
use super::formula_arena::FormulaArena;
use super::single_item::of_single_item;
use super::text_form::{ItemSeparation, TextCarrier, TextForm};
use super::type_mask::TypeMask;

/// A formula that holds for a value if one of the readings of its text satisfies `id`.
pub(super) fn readable_as_text(
    arena: &mut FormulaArena,
    id: FormulaId,
    form: TextForm,
) -> FormulaId {
    let mut rewriter = TextRewriter {
        separation: form.items,
        known: HashMap::new(),
    };
    let position = match form.carrier {
        TextCarrier::Form => TextPosition::Form,
        TextCarrier::Body => TextPosition::Scalar,
        TextCarrier::Path | TextCarrier::Query | TextCarrier::Header | TextCarrier::Cookie => {
            TextPosition::Parameter
        }
    };
    rewriter.whole(arena, id, position)
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum TextPosition {
    /// A form as a whole.
    Form,
    /// A field of a form.
    Field,
    /// A parameter as a whole.
    Parameter,
    /// One piece of text.
    Scalar,
    /// JSON inside of text.
    Json,
}

impl TextPosition {
    fn of_items(self) -> Self {
        match self {
            Self::Field | Self::Parameter => Self::Scalar,
            Self::Form | Self::Scalar | Self::Json => Self::Json,
        }
    }

    fn of_properties(self) -> Self {
        match self {
            Self::Form => Self::Field,
            Self::Parameter => Self::Scalar,
            Self::Field | Self::Scalar | Self::Json => Self::Json,
        }
    }
}

struct TextRewriter {
    separation: ItemSeparation,
    known: HashMap<(FormulaId, TextPosition), FormulaId>,
}

impl TextRewriter {
    /// Rewrites the schema of a whole value.
    fn whole(
        &mut self,
        arena: &mut FormulaArena,
        id: FormulaId,
        position: TextPosition,
    ) -> FormulaId {
        if id == ANY || id == NEVER || position == TextPosition::Json {
            return id;
        }
        if let Some(known) = self.known.get(&(id, position)) {
            return *known;
        }
        let part = self.part(arena, id, position);
        let whole = match position {
            TextPosition::Form | TextPosition::Json => part,
            TextPosition::Scalar => arena.add(FormulaNode::Readable(part)),
            TextPosition::Field | TextPosition::Parameter => self.with_lists(arena, part, position),
        };
        self.known.insert((id, position), whole);
        whole
    }

    /// The readings of a value that may be an array.
    fn with_lists(
        &self,
        arena: &mut FormulaArena,
        part: FormulaId,
        position: TextPosition,
    ) -> FormulaId {
        let scalars = TextCarrier::scalars();
        let holds = arena.holds(part);
        let readable = arena.add(FormulaNode::Readable(part));
        let mut readings = vec![readable];
        if holds.has(scalars) {
            readings.push(single(arena, readable));
        }
        if holds.has(TypeMask::ARRAY)
            && (holds != TypeMask::ALL || has_items(arena, part))
            && let Some(lifted) = of_single_item(arena, part)
        {
            let parts = [arena.types(scalars), lifted];
            readings.push(arena.all_of(parts));
        }
        let is_one_text =
            position == TextPosition::Parameter && self.separation != ItemSeparation::Pairs;
        let takes_any_string =
            holds.has(TypeMask::STRING) && !arena.fails(part).has(TypeMask::STRING);
        if is_one_text && takes_any_string {
            readings.push(arena.types(TypeMask::ARRAY.or(TypeMask::OBJECT)));
        }
        arena.any_of(readings)
    }

    /// Rewrites a part of a schema that applies to the same value.
    fn part(
        &mut self,
        arena: &mut FormulaArena,
        id: FormulaId,
        position: TextPosition,
    ) -> FormulaId {
        let node = arena.node(id).clone();
        let each = |this: &mut Self, arena: &mut FormulaArena, parts: &[FormulaId]| {
            let parts = parts.iter();
            parts
                .map(|part| this.part(arena, *part, position))
                .collect::<Vec<FormulaId>>()
        };
        match node {
            FormulaNode::AllOf(parts) => {
                let parts = each(self, arena, &parts);
                arena.all_of(parts)
            }
            FormulaNode::AnyOf(parts) => {
                let parts = each(self, arena, &parts);
                arena.any_of(parts)
            }
            FormulaNode::OneOf(parts) => {
                let parts = each(self, arena, &parts);
                arena.one_of(parts)
            }
            FormulaNode::Not(part) => {
                let part = self.part(arena, part, position);
                arena.not(part)
            }
            FormulaNode::Items(items) => {
                let below = position.of_items();
                let prefix = items.prefix.iter();
                let prefix = prefix.map(|part| self.whole(arena, *part, below)).collect();
                let rest = self.whole(arena, items.rest, below);
                arena.items(ItemFormulas { prefix, rest })
            }
            FormulaNode::Properties(members) => {
                let below = position.of_properties();
                let mut list =
                    |arena: &mut FormulaArena, list: &[(super::formula::StringId, FormulaId)]| {
                        list.iter()
                            .map(|(word, part)| (*word, self.whole(arena, *part, below)))
                            .collect()
                    };
                let named = list(arena, &members.named);
                let patterned = list(arena, &members.patterned);
                let rest = self.whole(arena, members.rest, below);
                let declares_rest = members.declares_rest;
                arena.members(PropertyFormulas {
                    named,
                    patterned,
                    rest,
                    declares_rest,
                })
            }
            _ => id,
        }
    }
}

/// Whether a schema without types describes items. Validators read text as an array only then.
fn has_items(arena: &FormulaArena, id: FormulaId) -> bool {
    match arena.node(id) {
        FormulaNode::Items(_) => true,
        FormulaNode::AllOf(parts) => parts.iter().any(|part| has_items(arena, *part)),
        _ => false,
    }
}

/// Holds for arrays of one item that satisfies `item`.
fn single(arena: &mut FormulaArena, item: FormulaId) -> FormulaId {
    let parts = [
        arena.types(TypeMask::ARRAY),
        arena.add(FormulaNode::ItemsMin(1)),
        arena.add(FormulaNode::ItemsMax(1)),
        arena.items(ItemFormulas {
            prefix: Box::new([]),
            rest: item,
        }),
    ];
    arena.all_of(parts)
}

/// Text of a path that no recipient reads as another path: without control characters and
/// backslashes, and not a dot segment.
const PATH_TEXTS: [&str; 2] = [
    r"^[^\x00-\x1f\x7f\\]*$",
    r"^([^.][\s\S]*|\.[^.;][\s\S]*|\.\.[^;][\s\S]*)?$",
];
/// Text of a header field, which has no surrounding white space.
const HEADER_TEXT: &str = r"^([^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?)?$";
const HEADER_ITEM: &str = r"^([^\x00-\x20\x7f,]([^\x00-\x1f\x7f,]*[^\x00-\x20\x7f,])?)?$";
const COOKIE_TEXT: &str = r"^([^\x00-\x20\x7f;]([^\x00-\x1f\x7f;]*[^\x00-\x20\x7f;])?)?$";
const COOKIE_ITEM: &str = r"^([^\x00-\x20\x7f,;]([^\x00-\x1f\x7f,;]*[^\x00-\x20\x7f,;])?)?$";

impl TextCarrier {
    /// The types of values that one piece of text can carry.
    fn scalars() -> TypeMask {
        TypeMask::BOOLEAN.or(TypeMask::NUMBER).or(TypeMask::STRING)
    }

    /// The patterns of a whole text.
    fn text_patterns(self) -> &'static [&'static str] {
        match self {
            Self::Path => &PATH_TEXTS,
            Self::Header => &[HEADER_TEXT],
            Self::Cookie => &[COOKIE_TEXT],
            Self::Query | Self::Form | Self::Body => &[],
        }
    }

    /// The patterns of an item or a property that is one of several in a text.
    fn item_patterns(self, items: ItemSeparation) -> &'static [&'static str] {
        match (self, items) {
            (Self::Header, _) => &[HEADER_ITEM],
            (Self::Cookie, _) => &[COOKIE_ITEM],
            (Self::Path, _) => &PATH_TEXTS[..1],
            (_, ItemSeparation::Space) => &["^[^ ]*$"],
            (_, ItemSeparation::Pipe) => &["^[^|]*$"],
            _ => &[],
        }
    }
}

/// A formula that holds for the values that a text can carry.
pub(super) fn sendable_as_text(
    arena: &mut FormulaArena,
    producer: FormulaId,
    form: TextForm,
) -> FormulaId {
    match form.carrier {
        TextCarrier::Form => sendable_form(arena, producer, form.excludes_empty),
        TextCarrier::Body => {
            let empty = arena.values([&json!("")]);
            let parts = [arena.types(TextCarrier::scalars()), arena.not(empty)];
            arena.all_of(parts)
        }
        TextCarrier::Path | TextCarrier::Query | TextCarrier::Header | TextCarrier::Cookie => {
            sendable_parameter(arena, form)
        }
    }
}

fn sendable_parameter(arena: &mut FormulaArena, form: TextForm) -> FormulaId {
    let item_patterns = form.carrier.item_patterns(form.items);
    let mut item = vec![arena.types(TextCarrier::scalars())];
    item.extend(patterns(arena, item_patterns));
    let item = arena.all_of(item);
    let mut parts = vec![arena.types(TypeMask::NULL.without())];
    parts.extend(patterns(arena, form.carrier.text_patterns()));
    if form.excludes_empty {
        let empty: [Value; 2] = [json!(""), json!([""])];
        for value in &empty {
            let empty = arena.values([value]);
            parts.push(arena.not(empty));
        }
    }
    // An array without items and an object without properties are not sent at all.
    parts.push(arena.add(FormulaNode::ItemsMin(1)));
    parts.push(arena.items(ItemFormulas {
        prefix: Box::new([]),
        rest: item,
    }));
    parts.push(arena.add(FormulaNode::PropertiesMin(1)));
    parts.push(properties(arena, item));
    arena.all_of(parts)
}

/// A field without a value is not sent. A null can only be sent as JSON, which fields are that may
/// be objects.
fn sendable_form(arena: &mut FormulaArena, producer: FormulaId, excludes_empty: bool) -> FormulaId {
    let mut field = Vec::new();
    if !has_nullable_object(arena, producer) {
        field.push(arena.types(TypeMask::NULL.without()));
    }
    if excludes_empty {
        field.push(arena.add(FormulaNode::ItemsMin(1)));
    }
    let field = arena.all_of(field);
    let parts = [arena.types(TypeMask::OBJECT), properties(arena, field)];
    arena.all_of(parts)
}

/// Whether a property of the schema may be null or an object.
fn has_nullable_object(arena: &FormulaArena, id: FormulaId) -> bool {
    let is_nullable_object = |part: FormulaId| {
        let mask = arena.holds(part);
        part != ANY && mask.has(TypeMask::NULL) && mask.has(TypeMask::OBJECT)
    };
    match arena.node(id) {
        FormulaNode::Properties(members) => members.all().any(is_nullable_object),
        FormulaNode::AllOf(parts) | FormulaNode::AnyOf(parts) | FormulaNode::OneOf(parts) => {
            parts.iter().any(|part| has_nullable_object(arena, *part))
        }
        FormulaNode::Reference(_) => true,
        _ => false,
    }
}

fn patterns(arena: &mut FormulaArena, patterns: &[&str]) -> Vec<FormulaId> {
    let mut found = Vec::new();
    for pattern in patterns {
        let pattern = arena.intern(pattern);
        found.push(arena.add(FormulaNode::Pattern(pattern)));
    }
    found
}

/// Holds for objects whose properties all satisfy `property`.
fn properties(arena: &mut FormulaArena, property: FormulaId) -> FormulaId {
    arena.members(PropertyFormulas {
        named: Box::new([]),
        patterned: Box::new([]),
        rest: property,
        declares_rest: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::language::compile;
    use super::*;

    #[test]
    fn patterns_match_the_text_that_a_part_can_carry() {
        let check = |carrier: TextCarrier, text: &str, expected: bool| {
            let patterns = carrier.text_patterns().iter();
            let is_match = patterns
                .map(|pattern| compile(pattern).unwrap())
                .all(|mut pattern| pattern.is_match(text));
            assert_eq!(is_match, expected, "{carrier:?} {text:?}");
        };
        for text in [
            "a", "/", "a/b", "...", "..a", ".a", " ", "é", "%", "1.0", "",
        ] {
            check(TextCarrier::Path, text, true);
        }
        for text in [".", "..", ".;a", "..;a", "\\", "a\n", "\u{7f}", "\0"] {
            check(TextCarrier::Path, text, false);
        }
        for text in ["", "a", "a b", "a,b", "é", "a;b"] {
            check(TextCarrier::Header, text, true);
        }
        for text in [" ", " a", "a ", "a\nb", "\t"] {
            check(TextCarrier::Header, text, false);
        }
        check(TextCarrier::Cookie, "a,b", true);
        check(TextCarrier::Cookie, "a;b", false);
    }
}
