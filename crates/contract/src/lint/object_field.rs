//! One field of an object, and the versions of OpenAPI that have and require it.

use super::object_kind::{FieldContent, FieldVersions};
use crate::openapi::dialect::Dialect;

/// One field.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectField {
    pub(super) name: &'static str,
    pub(super) content: FieldContent,
    versions: FieldVersions,
    required: Option<FieldVersions>,
}

impl ObjectField {
    pub(super) const fn only_30(mut self) -> Self {
        self.versions = FieldVersions::Only30;
        self
    }

    pub(super) const fn since_31(mut self) -> Self {
        self.versions = FieldVersions::From31;
        self
    }

    pub(super) const fn since_32(mut self) -> Self {
        self.versions = FieldVersions::From32;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = Some(FieldVersions::All);
        self
    }

    pub(super) const fn required_until_31(mut self) -> Self {
        self.required = Some(FieldVersions::Until31);
        self
    }

    pub(super) const fn required_in_30(mut self) -> Self {
        self.required = Some(FieldVersions::Only30);
        self
    }

    /// Whether the version of OpenAPI has the field.
    pub(super) fn is_in(&self, dialect: Dialect) -> bool {
        has(self.versions, dialect)
    }

    /// Whether the version of OpenAPI requires the field.
    pub(super) fn is_required(&self, dialect: Dialect) -> bool {
        self.required.is_some_and(|versions| has(versions, dialect))
    }
}

fn has(versions: FieldVersions, dialect: Dialect) -> bool {
    match versions {
        FieldVersions::All => true,
        FieldVersions::Only30 => dialect == Dialect::V30,
        FieldVersions::Until31 => dialect != Dialect::V32,
        FieldVersions::From31 => dialect != Dialect::V30,
        FieldVersions::From32 => dialect == Dialect::V32,
    }
}

/// A field that every version has.
pub(super) const fn field(name: &'static str, content: FieldContent) -> ObjectField {
    ObjectField {
        name,
        content,
        versions: FieldVersions::All,
        required: None,
    }
}

/// A field without further objects.
pub(super) const fn value(name: &'static str) -> ObjectField {
    field(name, FieldContent::Value)
}
