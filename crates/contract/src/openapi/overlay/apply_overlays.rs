//! Applies overlays to the entry document, one action after the other.

use std::cmp::Ordering;

use portcullis_json::JsonKind;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::overlaid_value::OverlaidValue;
use super::overlay_actions::{OverlayAction, OverlayChange, overlay_actions};
use crate::openapi::document::{Document, DocumentSet, NodeRef, OverlayFault, TranslatedTape};

/// How many times larger than the written document a changed one may be. Actions that copy multiply
/// what is there.
const GROWTH_MAX: u64 = 10;

/// The number of values and member names that every changed document may have.
const SMALL_ENTRIES: u64 = 100_000;

/// A contract of one document, changed by overlays in their order.
pub(in crate::openapi) fn overlaid(
    entry: Document,
    overlays: Vec<Document>,
    depth_max: usize,
) -> DocumentSet {
    let mut documents = DocumentSet::new(entry);
    if overlays.is_empty() {
        return documents;
    }
    let roots = overlays.into_iter();
    let roots: Vec<NodeRef> = roots
        .map(|overlay| documents.add_overlay(overlay))
        .collect();
    let root = documents.entry_ref();
    let mut document = OverlaidDocument {
        documents: &documents,
        value: OverlaidValue::Written(root),
        queried: None,
        depth_max,
        faults: Vec::new(),
    };
    for root in roots {
        let actions = overlay_actions(&documents, root, &mut document.faults);
        actions.iter().for_each(|action| document.apply(action));
    }
    let OverlaidDocument { value, faults, .. } = document;
    let mut out = TranslatedTape::new(&documents, root);
    value.write(&mut out);
    let translation = out.finish();
    documents.overlay_entry(translation, faults);
    documents
}

struct OverlaidDocument<'d> {
    documents: &'d DocumentSet,
    value: OverlaidValue,
    /// The document for queries, until it is changed.
    queried: Option<Value>,
    depth_max: usize,
    faults: Vec<OverlayFault>,
}

impl OverlaidDocument<'_> {
    fn apply(&mut self, action: &OverlayAction) {
        let OverlayAction { at, target, change } = action;
        let mut selected = self.select(target);
        if selected.is_empty() {
            let message = "the target matches nothing in the document, so the action has no effect";
            self.fault(false, *at, message.to_owned());
            return;
        }
        let update = match change {
            OverlayChange::Remove => {
                // The last one first, so the numbers of other elements stay.
                selected.sort_by(|one, other| in_document_order(other, one));
                if selected.iter().any(String::is_empty) {
                    let message = "`$` is the whole document, which cannot be removed";
                    return self.fault(true, *at, message.to_owned());
                }
                for pointer in selected {
                    self.value.remove(self.documents, &pointer);
                }
                self.queried = None;
                return;
            }
            OverlayChange::Update(node_ref) => Some(OverlaidValue::Written(*node_ref)),
            OverlayChange::Copy(at, query) => self.copied(*at, query),
        };
        if let Some(update) = update {
            self.merge(*at, &selected, &update);
            self.queried = None;
        }
    }

    fn merge(&mut self, at: NodeRef, selected: &[String], update: &OverlaidValue) {
        let documents = self.documents;
        if let Some(message) = self.beyond_bounds(selected, update) {
            return self.fault(true, at, message);
        }
        let is_array = update.kind(documents) == JsonKind::Array;
        for pointer in selected {
            let Some(target) = self.value.at(documents, pointer) else {
                continue;
            };
            if target.kind(documents) == JsonKind::Array && !is_array {
                target.append(documents, update);
                continue;
            }
            if let Err((node_ref, message)) = target.merge(documents, update) {
                let is_whole = node_ref == update.node_ref();
                let place = if is_whole { at } else { node_ref };
                let message = format!("{message} (the target at `#{pointer}`)");
                return self.fault(true, place, message);
            }
        }
    }

    /// Why a value must not be merged into the selected ones: the document would become too large.
    fn beyond_bounds(&self, selected: &[String], update: &OverlaidValue) -> Option<String> {
        let (documents, depth_max) = (self.documents, self.depth_max);
        let added = update.entry_count(documents) * selected.len() as u64;
        let written: u64 = documents.entry().root().entry_count().into();
        let entries_max = (written * GROWTH_MAX).max(SMALL_ENTRIES);
        if added + self.value.entry_count(documents) > entries_max {
            return Some(format!(
                "the document would have more than {entries_max} values"
            ));
        }
        let depths = selected.iter().map(|pointer| pointer.matches('/').count());
        let deepest = depths.max().unwrap_or(0) + 1 + update.depth(documents);
        (deepest > depth_max).then(|| {
            format!("values would be nested deeper than {depth_max} levels (`limits.contract_depth_max`)")
        })
    }

    /// The value that `copy` selects, as it is now.
    fn copied(&mut self, at: NodeRef, query: &JsonPath) -> Option<OverlaidValue> {
        let selected = self.select(query);
        let [pointer] = selected.as_slice() else {
            let count = selected.len();
            let message = format!("`copy` must select one node, and selects {count}");
            self.fault(true, at, message);
            return None;
        };
        self.value.at(self.documents, pointer).cloned()
    }

    /// The JSON Pointers of the nodes that a query selects, in the order of the document.
    fn select(&mut self, query: &JsonPath) -> Vec<String> {
        let (value, documents) = (&self.value, self.documents);
        let queried = self
            .queried
            .get_or_insert_with(|| value.to_value(documents));
        let selected = query.query_located(queried).dedup();
        let selected = selected.locations();
        selected
            .map(|location| location.to_json_pointer())
            .collect()
    }

    fn fault(&mut self, is_error: bool, node_ref: NodeRef, message: String) {
        self.faults.push(OverlayFault {
            is_error,
            node_ref,
            message,
        });
    }
}

/// Compares JSON Pointers by their tokens, numbers of elements as numbers.
fn in_document_order(one: &str, other: &str) -> Ordering {
    let by_token = |one: &str, other: &str| match (one.parse::<usize>(), other.parse::<usize>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(other),
    };
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    loop {
        return match (ones.next(), others.next()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => match by_token(one, other) {
                Ordering::Equal => continue,
                different => different,
            },
        };
    }
}
