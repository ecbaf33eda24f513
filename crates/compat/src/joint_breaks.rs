//! Blames breaks that need several edits.

use std::cell::OnceCell;

use super::containment::EditedSchema;
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::edit_recognition::is_at_any;
use super::schema_verdicts::{JudgedEdit, JudgedSchemas, SchemaSiteJudge};

/// The maximum number of breaks that several edits cause together, for one site.
const JOINT_BREAKS_MAX: usize = 64;

impl SchemaSiteJudge<'_, '_> {
    /// Blames the edits at the place of a break without which its value would not break: alone they
    /// have no effect, but the break is theirs, too.
    pub(super) fn blame_needed(
        &self,
        judged: &mut JudgedSchemas,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) {
        let mut needed = Vec::new();
        for (number, (found, verdict)) in judged.edits.iter().enumerate() {
            if !matches!(verdict, JudgedEdit::Harmless) || !self.is_decided_edit(found) {
                continue;
            }
            let edited = OnceCell::new();
            let causes = judged.edits.iter().filter_map(|(_, other)| match other {
                JudgedEdit::Breaking(cause) => Some(cause),
                _ => None,
            });
            let mut here = causes.filter(|cause| is_at_any(&found.pointers, &cause.pointer));
            let cause = here.find(|cause| {
                let edited = edited.get_or_init(|| self.edited_schema(found));
                containment.needs(schemas, self.new_produces(), edited, &cause.witness)
            });
            needed.extend(cause.map(|cause| (number, cause.clone())));
        }
        for (number, cause) in needed {
            judged.edits[number].1 = JudgedEdit::Breaking(cause);
        }
    }

    /// Looks for breaks that the breaking edits do not explain, and blames them on the smallest set
    /// of further edits that does: edits can break together though none of them breaks alone.
    pub(super) fn blame_together(
        &self,
        judged: &mut JudgedSchemas,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) {
        let new_produces = self.new_produces();
        let edited: Vec<OnceCell<EditedSchema>> = vec![OnceCell::new(); judged.edits.len()];
        for _ in 0..JOINT_BREAKS_MAX {
            let schema = |number: &usize| {
                let found = &judged.edits[*number].0;
                edited[*number].get_or_init(|| self.edited_schema(found))
            };
            let of = |edits: &[usize]| -> Vec<&EditedSchema> { edits.iter().map(schema).collect() };
            let (breaking, others): (Vec<usize>, Vec<usize>) = (0..judged.edits.len())
                .filter(|number| self.is_decided_edit(&judged.edits[*number].0))
                .partition(|number| judged.edits[*number].1.is_breaking());
            let found = containment.check_unexplained(schemas, new_produces, &of(&breaking));
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => return,
                Err(unknown) => {
                    judged.undecided = Some(unknown.reason);
                    return;
                }
            };
            let mut blamed = others;
            let mut explains = |blamed: &[usize]| {
                let edits = of(&[&breaking[..], blamed].concat());
                containment.explains(schemas, new_produces, &edits, &found.witness)
            };
            if !explains(&blamed) {
                judged.unexplained.push(found);
                return;
            }
            for number in blamed.clone() {
                let without: Vec<usize> = blamed
                    .iter()
                    .copied()
                    .filter(|other| *other != number)
                    .collect();
                if explains(&without) {
                    blamed = without;
                }
            }
            for number in blamed {
                judged.edits[number].1 = JudgedEdit::Breaking(Box::new(found.clone()));
            }
        }
        judged.undecided = Some("too many changes break only together".to_owned());
    }
}
