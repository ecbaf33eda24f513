//! How the contract describes the parts of a multipart body, by which they are kept or counted.

use super::form_fields::{FieldReading, FormFields};
use super::part_head::{PartHead, is_multipart};
use super::part_layout::{PartLayout, PartUse};

/// How the contract describes the parts of a body.
#[derive(Clone, Copy, Debug)]
pub(super) enum DescribedParts<'c> {
    ByName(&'c FormFields),
    ByPosition(&'c PartLayout),
}

impl DescribedParts<'_> {
    /// Whether a part with this head may be the declared field. One that is multipart itself must be
    /// described so, because many recipients of a form read such a part differently.
    pub(super) fn may_be(self, head: &PartHead, field: Option<usize>) -> bool {
        match self {
            Self::ByPosition(_) => true,
            Self::ByName(fields) => {
                let nests = || field.is_some_and(|index| fields.get(index).nested.is_some());
                let label = head.content_type.as_deref();
                !label.is_some_and(is_multipart) || nests()
            }
        }
    }

    /// The declared field of a part with this head, or its position, and whether its octets are only
    /// counted.
    pub(super) fn of(self, head: &PartHead, position: usize) -> (Option<usize>, bool) {
        match self {
            Self::ByPosition(layout) => {
                let part_use = layout.at(position).use_of(head);
                let is_counted = matches!(part_use, PartUse::Octets | PartUse::Unread);
                (Some(position), is_counted)
            }
            Self::ByName(fields) => {
                let field = fields.find(&head.name);
                let is_counted = match field {
                    Some(index) => fields.get(index).readings.iter().any(is_octets),
                    None => {
                        fields.undeclared.iter().any(is_octets)
                            || (head.file_name.is_some() && fields.counts_undeclared_files)
                    }
                };
                (field, is_counted)
            }
        }
    }
}

fn is_octets(reading: &FieldReading) -> bool {
    reading.is_octets()
}
