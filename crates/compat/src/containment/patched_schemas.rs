//! Applies one edit to the lowered schemas of the older revision.

use hashbrown::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use portcullis_contract::{LoweredLocation, NodeRef};

use super::canonical_text::canonical;
use super::read::{EditedDefinitions, from_other};
use super::revision_schemas::RevisionSchemas;
use super::schema_object_edits::{
    SchemaObject, push, remove_unknown, set_null, type_allows_null, without_null_alternative,
};
use super::schema_patch::{EditedSchema, SchemaParts, SchemaPatch};

/// The prefix of keywords that lowering renames to compare their values exactly.
const EXACT: &str = "x-exact-";

/// The definitions of the older revision with these edits; `None` if one of them cannot be applied.
pub(super) fn patched(
    older: RevisionSchemas<'_>,
    newer: RevisionSchemas<'_>,
    edits: &[&EditedSchema],
) -> Option<EditedDefinitions> {
    let mut patching = SchemaPatching {
        older,
        newer,
        bodies: HashMap::new(),
    };
    let mut ordered = edits.to_vec();
    // The last branch first, so that the positions of the others stay.
    ordered.sort_by_key(|edited| std::cmp::Reverse(edited.patch.removed_branch()));
    for edited in ordered {
        let done = patching.apply(&edited.old, &edited.new, &edited.patch);
        done.or_else(|| patching.whole(&edited.old, &edited.new))?;
    }
    let changed = patching.bodies.keys().cloned();
    let on_the_way = edits
        .iter()
        .flat_map(|edited| edited.paths[0].iter().chain(&edited.old.parts));
    let touched: HashSet<String> = on_the_way
        .flat_map(|node_ref| {
            let locations = older.locations(*node_ref);
            let definitions = locations.iter().map(|location| location.definition.clone());
            definitions.collect::<Vec<_>>()
        })
        .chain(changed)
        .collect();
    Some(EditedDefinitions {
        touched,
        bodies: patching.bodies,
    })
}

struct SchemaPatching<'s> {
    older: RevisionSchemas<'s>,
    newer: RevisionSchemas<'s>,
    /// Changed definitions of the older revision.
    bodies: HashMap<String, Value>,
}

impl SchemaPatching<'_> {
    fn apply(&mut self, old: &SchemaParts, new: &SchemaParts, patch: &SchemaPatch) -> Option<()> {
        if old.parts.is_empty() || new.parts.is_empty() {
            return self.whole(old, new);
        }
        match patch {
            SchemaPatch::Whole => self.whole(old, new),
            SchemaPatch::Keyword(keyword) => {
                let (old, new) = (old.with_keyword(keyword), new.with_keyword(keyword));
                self.keyword(&old, &new, &[keyword])
            }
            SchemaPatch::Bound(forms) => self.keyword(old, new, forms),
            SchemaPatch::Entry { keyword, name } => self.entry(old, new, keyword, name),
            SchemaPatch::Property(name) => {
                self.entry(old, new, "properties", name)?;
                self.required(old, new, name)
            }
            SchemaPatch::Required(name) => self.required(old, new, name),
            SchemaPatch::EnumValue(value) => self.enum_value(old, new, value),
            SchemaPatch::Types => self.types(old, new),
            SchemaPatch::Null => self.null(old, new),
            SchemaPatch::Branch {
                keyword,
                old: removed,
                new: added,
            } => {
                let (old, new) = (old.with_keyword(keyword), new.with_keyword(keyword));
                self.branch((&old, &new), keyword, *removed, *added)
            }
            SchemaPatch::Access { keyword, holders } => {
                let is_set = self
                    .new_objects(new)?
                    .iter()
                    .any(|object| object.get(*keyword).and_then(Value::as_bool) == Some(true));
                for part in &old.parts {
                    self.change(*part, |object| {
                        object.remove(*keyword);
                    });
                }
                if is_set {
                    let target = self.target(old, &[])?;
                    self.change(target, |object| {
                        object.insert((*keyword).to_owned(), Value::Bool(true));
                    });
                }
                for holder in holders {
                    self.required(&holder.old, &holder.new, &holder.name)?;
                }
                Some(())
            }
        }
    }

    /// Changes a schema object wherever lowering has placed it.
    fn change(&mut self, part: NodeRef, mut change: impl FnMut(&mut SchemaObject)) {
        for location in self.older.locations(part).iter() {
            if let Some(Value::Object(object)) = self.at(location) {
                change(object);
            }
        }
    }

    /// The schema at a location, in the copy of its definition.
    fn at(&mut self, location: &LoweredLocation) -> Option<&mut Value> {
        let body = match self.bodies.entry(location.definition.clone()) {
            hashbrown::hash_map::Entry::Occupied(known) => known.into_mut(),
            hashbrown::hash_map::Entry::Vacant(vacant) => {
                let original = self.older.lowered.document.pointer(&location.definition)?;
                vacant.insert(original.clone())
            }
        };
        body.pointer_mut(&location.below)
    }

    /// The schema object that receives a new keyword: the first that has one of the preferred
    /// keywords, otherwise the one that describes values other than null.
    fn target(&self, old: &SchemaParts, preferred: &[&str]) -> Option<NodeRef> {
        let has = |part: &&NodeRef| {
            let object = self.older.object(**part);
            object.is_some_and(|object| preferred.iter().any(|name| object.contains_key(*name)))
        };
        let found = old.parts.iter().find(has).copied();
        found.or(old.non_null).or(old.parts.first().copied())
    }

    fn new_objects(&self, new: &SchemaParts) -> Option<Vec<&SchemaObject>> {
        let parts = new.parts.iter();
        parts.map(|part| self.newer.object(*part)).collect()
    }

    /// Takes over the values of these names of one keyword.
    fn keyword(&mut self, old: &SchemaParts, new: &SchemaParts, names: &[&str]) -> Option<()> {
        let is_named = |keyword: &str| {
            let keyword = keyword.strip_prefix(EXACT).unwrap_or(keyword);
            names.contains(&keyword)
        };
        let copied = self.new_objects(new)?.into_iter().map(|object| {
            let of_names = object.iter().filter(|(keyword, _)| is_named(keyword));
            of_names
                .map(|(keyword, value)| (keyword.clone(), from_other(value)))
                .collect::<SchemaObject>()
        });
        let copied: Vec<SchemaObject> = copied.filter(|copied| !copied.is_empty()).collect();
        let near: &[&str] = match names {
            ["additionalProperties"] => {
                &["additionalProperties", "properties", "patternProperties"]
            }
            names => names,
        };
        let target = self.target(old, near)?;
        for part in &old.parts {
            self.change(*part, |object| {
                object.retain(|keyword, _| !is_named(keyword));
                names.iter().for_each(|name| remove_unknown(object, name));
            });
        }
        self.change(target, |object| match copied.as_slice() {
            [only] => object.extend(only.clone()),
            several => several
                .iter()
                .for_each(|each| push(object, "allOf", Value::Object(each.clone()))),
        });
        Some(())
    }

    fn entry(
        &mut self,
        old: &SchemaParts,
        new: &SchemaParts,
        keyword: &'static str,
        name: &str,
    ) -> Option<()> {
        let objects = self.new_objects(new)?.into_iter();
        let found = objects.filter_map(|object| object.get(keyword)?.get(name));
        let mut found: Vec<Value> = found.map(from_other).collect();
        let near: &[&str] = match keyword {
            "properties" | "patternProperties" => {
                &["additionalProperties", "properties", "patternProperties"]
            }
            "dependentSchemas" => &["dependentSchemas"],
            _ => &["dependentRequired"],
        };
        let target = self.target(old, near)?;
        for part in &old.parts {
            self.change(*part, |object| {
                if let Some(Value::Object(entries)) = object.get_mut(keyword) {
                    entries.remove(name);
                }
            });
        }
        let value = match found.len() {
            0 => return Some(()),
            1 => found.swap_remove(0),
            _ if keyword == "dependentRequired" => {
                let names = found.iter().filter_map(Value::as_array).flatten();
                Value::Array(names.cloned().collect())
            }
            _ => json!({ "allOf": found }),
        };
        self.change(target, |object| {
            let entries = object
                .entry(keyword)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(entries) = entries {
                entries.insert(name.to_owned(), value.clone());
            }
        });
        Some(())
    }

    fn required(&mut self, old: &SchemaParts, new: &SchemaParts, name: &str) -> Option<()> {
        let lists = |object: &&SchemaObject| {
            let names = object.get("required").and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|known| known.as_str() == Some(name)))
        };
        let is_required = self.new_objects(new)?.iter().any(lists);
        let target = self.target(old, &["required", "properties"])?;
        for part in &old.parts {
            self.change(*part, |object| {
                if let Some(Value::Array(names)) = object.get_mut("required") {
                    names.retain(|known| known.as_str() != Some(name));
                }
            });
        }
        if is_required {
            self.change(target, |object| push(object, "required", json!(name)));
        }
        Some(())
    }

    fn enum_value(&mut self, old: &SchemaParts, new: &SchemaParts, value: &Value) -> Option<()> {
        let exact = format!("{EXACT}enum");
        let is_exact = |revision: &RevisionSchemas<'_>, parts: &SchemaParts| {
            let mut objects = parts.parts.iter().filter_map(|part| revision.object(*part));
            objects.any(|object| object.contains_key(&exact))
        };
        if is_exact(&self.older, old) || is_exact(&self.newer, new) {
            return self.keyword(old, new, &["enum"]);
        }
        let wanted = canonical(value);
        let lists = |list: &Value| {
            let values = list.as_array().into_iter().flatten();
            values.map(canonical).any(|known| known == wanted)
        };
        let objects = self.new_objects(new)?;
        let is_listed = objects
            .iter()
            .all(|object| object.get("enum").is_none_or(lists));
        for part in &old.parts {
            self.change(*part, |object| {
                if let Some(Value::Array(values)) = object.get_mut("enum") {
                    values.retain(|known| canonical(known) != wanted);
                    if is_listed {
                        values.push(value.clone());
                    }
                }
            });
        }
        Some(())
    }

    fn types(&mut self, old: &SchemaParts, new: &SchemaParts) -> Option<()> {
        let is_typed =
            |objects: &[&SchemaObject]| objects.iter().any(|object| object.contains_key("type"));
        let old_objects = self.old_objects(old);
        let keeps_null = is_typed(&old_objects) && is_typed(&self.new_objects(new)?);
        let allows_null = keeps_null && old_objects.iter().all(|object| type_allows_null(object));
        self.keyword(old, new, &["type"])?;
        if keeps_null {
            for part in &old.parts {
                self.change(*part, |object| set_null(object, allows_null));
            }
        }
        Some(())
    }

    fn null(&mut self, old: &SchemaParts, new: &SchemaParts) -> Option<()> {
        let is_allowed = new.non_null.is_some()
            || self
                .new_objects(new)?
                .iter()
                .all(|object| type_allows_null(object));
        if is_allowed && new.non_null.is_some() {
            let root = *old.roots.first()?;
            for location in self.older.locations(root).iter() {
                if let Some(schema) = self.at(location) {
                    let inner = schema.take();
                    *schema = json!({ "anyOf": [inner, { "type": "null" }] });
                }
            }
            return Some(());
        }
        for part in &old.parts {
            self.change(*part, |object| {
                set_null(object, is_allowed);
                if !is_allowed {
                    without_null_alternative(object);
                }
            });
        }
        Some(())
    }

    fn branch(
        &mut self,
        (old, new): (&SchemaParts, &SchemaParts),
        keyword: &'static str,
        removed: Option<NodeRef>,
        added: Option<NodeRef>,
    ) -> Option<()> {
        let has = |object: &&SchemaObject| object.contains_key(keyword);
        if keyword != "allOf"
            && !(self.old_objects(old).iter().any(has) && self.new_objects(new)?.iter().any(has))
        {
            return self.keyword(old, new, &[keyword]);
        }
        if let Some(removed) = removed {
            for location in self.older.locations(removed).iter() {
                // A branch with a definition of its own stands behind a reference.
                let (list, token) = location.below.rsplit_once('/')?;
                let list = LoweredLocation {
                    below: list.to_owned(),
                    ..location.clone()
                };
                let at: usize = token.parse().ok()?;
                if let Some(Value::Array(branches)) = self.at(&list)
                    && at < branches.len()
                {
                    branches.remove(at);
                }
            }
        }
        if let Some(added) = added {
            let schema = from_other(self.newer.schema(added)?);
            let target = self.target(old, &[keyword])?;
            self.change(target, |object| push(object, keyword, schema.clone()));
        }
        Some(())
    }

    fn whole(&mut self, old: &SchemaParts, new: &SchemaParts) -> Option<()> {
        let copied: Option<Vec<Value>> = new.roots.iter().map(|root| self.copied(*root)).collect();
        let mut copied = copied?;
        let replacement = match copied.len() {
            1 => copied.swap_remove(0),
            _ => json!({ "allOf": copied }),
        };
        for (number, root) in old.roots.iter().enumerate() {
            for location in self.older.locations(*root).iter() {
                if let Some(schema) = self.at(location) {
                    *schema = if number == 0 {
                        replacement.clone()
                    } else {
                        Value::Bool(true)
                    };
                }
            }
        }
        Some(())
    }

    /// A schema of the newer revision, for use in the older document.
    fn copied(&self, node_ref: NodeRef) -> Option<Value> {
        let locations = self.newer.locations(node_ref);
        let location = locations.first()?;
        if location.below.is_empty() {
            let reference = format!("#{}", location.definition);
            return Some(from_other(&json!({ "$ref": reference })));
        }
        self.newer.schema(node_ref).map(from_other)
    }

    fn old_objects(&self, old: &SchemaParts) -> Vec<&SchemaObject> {
        let parts = old.parts.iter();
        parts.filter_map(|part| self.older.object(*part)).collect()
    }
}
