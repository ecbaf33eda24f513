//! Chooses the alternative of `oneOf` or `anyOf` whose errors are reported.
//!
//! A `discriminator` never changes what is valid (OpenAPI 3.1.1, Discriminator Object). It names
//! the alternative that the sender meant, so the errors of that one are reported. Without a
//! discriminator the closest alternative is chosen: among those of the right type, one whose
//! constants the value has, because constants distinguish alternatives; then the one whose errors are
//! deepest in the value; then the one with the fewest errors.

use std::cmp::Reverse;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use portcullis_json::{JsonNode, pointer};

use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::{follow, resolve};
use crate::schema::schema_set::SchemaSet;

/// The alternative whose errors are reported.
pub(super) struct ClosestAlternative<'e, 'a> {
    pub(super) errors: Vec<&'e ValidationError<'a>>,
    /// Names the alternative; it is appended to the messages.
    pub(super) note: String,
}

/// The alternative to report when a value matches none. `None` for other kinds of errors, and if
/// every alternative rejects the type of the value: the error of the whole is then clearer.
pub(super) fn closest_alternative<'e, 'a>(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    error: &'e ValidationError<'a>,
) -> Option<ClosestAlternative<'e, 'a>>
where
    'static: 'a,
{
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return None;
    };
    let alternatives = AlternativeList::of(schemas, documents, error);
    if let Some(alternatives) = &alternatives
        && let Some((at, property)) = alternatives.by_discriminator(error)
        && let Some(errors) = context.get(at)
    {
        let note = format!(" ({}, by its `{property}`)", alternatives.name(at));
        return Some(chosen(errors, note));
    }
    let own_depth = depth(error);
    let ranked = context.iter().enumerate().filter_map(|(at, branch)| {
        let deepest = branch.iter().map(depth).max()?;
        let is_right_type = !branch
            .iter()
            .any(|error| depth(error) == own_depth && matches!(error.kind(), Kind::Type { .. }));
        let is_tagged = !branch.iter().any(is_other_constant);
        is_right_type.then_some((is_tagged, deepest, Reverse(branch.len()), Reverse(at)))
    });
    let (_, _, _, Reverse(at)) = ranked.max()?;
    let count = context.len();
    let note = match &alternatives {
        Some(alternatives) if count > 1 => {
            let name = alternatives.name(at);
            format!(" ({name}, the closest of {count} alternatives)")
        }
        _ => String::new(),
    };
    Some(chosen(&context[at], note))
}

/// Whether the value has another text where the schema has a constant.
fn is_other_constant(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        Kind::Constant { .. } => true,
        Kind::Enum { options } => options.as_array().is_some_and(|options| options.len() == 1),
        _ => false,
    }
}

/// The errors of an alternative, the deepest first.
fn chosen<'e, 'a>(errors: &'e [ValidationError<'a>], note: String) -> ClosestAlternative<'e, 'a> {
    let mut errors: Vec<&ValidationError<'a>> = errors.iter().collect();
    errors.sort_by_key(|error| Reverse(depth(error)));
    ClosestAlternative { errors, note }
}

/// The names of the alternatives that a value matches at the same time.
pub(super) fn matching_names(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    error: &ValidationError<'_>,
) -> String {
    const NAMED_MAX: usize = 6;
    let Kind::OneOfMultipleValid { context } = error.kind() else {
        return "several alternatives".to_owned();
    };
    let Some(alternatives) = AlternativeList::of(schemas, documents, error) else {
        return "several alternatives".to_owned();
    };
    let names: Vec<String> = context
        .iter()
        .enumerate()
        .filter(|(_, errors)| errors.is_empty())
        .map(|(at, _)| alternatives.name(at))
        .take(NAMED_MAX)
        .collect();
    names.join(" and ")
}

/// The name of the component that the keyword of an error refers to.
pub(super) fn referenced_component(
    schemas: &SchemaSet,
    documents: &DocumentSet,
    error: &ValidationError<'_>,
) -> Option<String> {
    let (place, rest) = schemas.origin(error.schema_path().as_str())?;
    component(documents, documents.deepest_existing(place, &rest))
}

/// The last token of the reference, if a schema is one.
fn component(documents: &DocumentSet, schema: NodeRef) -> Option<String> {
    let reference = documents.node(schema).get("$ref")?.as_str()?;
    let last = reference.rsplit(['/', '#']).find(|part| !part.is_empty())?;
    Some(pointer::unescape(last).into_owned())
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

/// A list of alternatives in the contract.
struct AlternativeList<'d> {
    documents: &'d DocumentSet,
    /// The schema that contains the list.
    owner: NodeRef,
    branches: Vec<NodeRef>,
}

impl<'d> AlternativeList<'d> {
    fn of(
        schemas: &SchemaSet,
        documents: &'d DocumentSet,
        error: &ValidationError<'_>,
    ) -> Option<Self> {
        let (place, rest) = schemas.origin(error.schema_path().as_str())?;
        let (above, _) = rest.rsplit_once('/')?;
        let list = documents.deepest_existing(place, &rest);
        let elements = documents.node(list).elements();
        Some(Self {
            documents,
            owner: documents.deepest_existing(place, above),
            branches: elements
                .map(|branch| DocumentSet::node_ref(list, branch))
                .collect(),
        })
    }

    /// The name of an alternative: the component that it references, its title, or its number.
    fn name(&self, at: usize) -> String {
        let Some(branch) = self.branches.get(at) else {
            return format!("alternative {}", at + 1);
        };
        let component = self.component(*branch);
        let title = || {
            let title = self.documents.node(*branch).get("title");
            title.and_then(JsonNode::as_str).map(str::to_owned)
        };
        match component.or_else(title) {
            Some(name) => format!("`{name}`"),
            None => format!("alternative {}", at + 1),
        }
    }

    fn component(&self, branch: NodeRef) -> Option<String> {
        component(self.documents, branch)
    }

    /// The alternative that the discriminator's value names, or else its `defaultMapping` (OpenAPI
    /// 3.2.0, Discriminator Object), and the discriminating property.
    fn by_discriminator(&self, error: &ValidationError<'_>) -> Option<(usize, String)> {
        let discriminator = self.documents.node(self.owner).get("discriminator")?;
        let property = discriminator.get("propertyName")?.as_str()?;
        let value = error.instance().get(property);
        let named = value.and_then(|value| value.as_str()).and_then(|value| {
            let mapped = discriminator
                .get("mapping")
                .and_then(|mapping| mapping.get(value))
                .and_then(|target| target.as_str());
            self.target_branch(mapped.unwrap_or(value))
        });
        let default = || {
            let target = discriminator.get("defaultMapping")?.as_str()?;
            self.target_branch(target)
        };
        Some((named.or_else(default)?, property.to_owned()))
    }

    /// The alternative that a name of a component or a reference stands for.
    fn target_branch(&self, target: &str) -> Option<usize> {
        let by_name = |branch: &NodeRef| self.component(*branch).as_deref() == Some(target);
        let position = self.branches.iter().position(by_name);
        position.or_else(|| self.at_reference(target))
    }

    /// The alternative with the same schema as the target of a reference.
    fn at_reference(&self, reference: &str) -> Option<usize> {
        let target = resolve(self.documents, self.owner, reference).ok()?;
        let target = follow(self.documents, target).ok()?;
        self.branches
            .iter()
            .position(|branch| follow(self.documents, *branch) == Ok(target))
    }
}
