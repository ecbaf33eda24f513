//! A vendor: a service of others, whose contract they change and whose consumers our squads are.
//!
//! Its contract is compared like any other, because its callers are we. What differs is who is affected and
//! who can act: the squad that owns the integration is a consumer, too, and no squad here chooses the
//! version of the document.

use portcullis_vocabulary::Catalog;

/// How a service is used, if it is a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorUse {
    /// The squads and services that may call it; `None` for all.
    pub used_by: Option<Vec<String>>,
}

impl VendorUse {
    /// The squads that may call it, each with the reason for the blast radius. A name that the catalog does
    /// not know stands for itself, so a typing error asks for one approval more and not for one less.
    pub(super) fn squads<'a>(
        &'a self,
        catalog: &'a Catalog,
        vendor: &str,
    ) -> Vec<(&'a str, String)> {
        let Some(used_by) = &self.used_by else {
            let why = format!("uses {vendor}, whose used_by is not set");
            let squads = catalog.squads().iter();
            return squads
                .map(|squad| (squad.name.as_str(), why.clone()))
                .collect();
        };
        let squad = |name: &'a String| match catalog.provider_of(name) {
            Some(squad) if catalog.find(name).is_none() => {
                (squad.name.as_str(), format!("uses {vendor} by {name}"))
            }
            _ => (name.as_str(), format!("uses {vendor}")),
        };
        used_by.iter().map(squad).collect()
    }
}
