//! What an operation of the newer contract does with path text that the older one accepts, where
//! the text is a parameter on one side only.

use http::Method;

use portcullis_contract::Operation;

use super::super::containment::FoundText;
use super::super::witness::path_text;
use super::address_search::{AddressSet, FoundAddress, path_form, path_parameter};
use super::address_template::{SegmentText, SharedAddresses};
use super::contract_comparison::ContractComparison;
use super::segment_conditions::{SegmentCondition, conditions};
use super::served_paths::{
    ServedPath, ServedPaths, accepts_path, any_value, path_refusals, serving,
};

/// The most addresses of the older operation to try.
const ADDRESSES_MAX: usize = 4;

/// The most conditions on addresses to look at in a comparison.
const ADDRESS_WORK_MAX: usize = 100_000;

/// Why addresses were not compared.
pub(super) const TOO_MANY_ADDRESSES: &str =
    "the paths have so many addresses in common that not all were compared";

/// Texts to try for a parameter besides those that the search finds.
pub(super) const USUAL_TEXTS: [&str; 6] = ["a", "1", "true", "1.5", "-1", "A"];

/// Addresses in common, and who serves them.
pub(super) struct SharedService<'s, 'c> {
    pub(super) shared: SharedAddresses<'c>,
    pub(super) old_path: &'s ServedPath<'c>,
    pub(super) new_path: &'s ServedPath<'c>,
    pub(super) method: Method,
    pub(super) old: usize,
    pub(super) new: usize,
    /// One of the addresses. The old operation accepts it, if `is_accepted`.
    pub(super) address: String,
    pub(super) is_accepted: bool,
}

/// What the new operation does with requests that the old one accepts.
#[derive(Default)]
pub(super) struct PathOutcome {
    /// An address whose path it refuses, and the reason.
    pub(super) refused: Option<(String, String)>,
    /// An address whose path it accepts, as far as is known.
    pub(super) served: Option<String>,
    /// A path parameter that may refuse some addresses, if none was found.
    pub(super) open: Option<String>,
}

impl<'c> ContractComparison<'c> {
    /// Whether no more addresses are searched.
    pub(super) const fn is_address_work_spent(&self) -> bool {
        self.address_work > ADDRESS_WORK_MAX
    }

    /// The addresses of an old operation that both paths match and no path takes from them.
    pub(super) fn common_set<'s>(
        &mut self,
        paths: &'s ServedPaths<'c>,
        (old, new): (&'s ServedPath<'c>, &'s ServedPath<'c>),
        (operation, method): (usize, &'s Method),
    ) -> Option<AddressSet<'s, 'c>> {
        let inside = conditions(&old.template, &new.template)?;
        let mut outside = old.preceding(self.old, &paths.old, &old.template);
        outside.extend(new.preceding(self.new, &paths.new, &old.template));
        self.address_work += outside.len() + 1;
        Some(AddressSet {
            template: &old.template,
            operation,
            method,
            inside,
            outside,
        })
    }

    /// The addresses that both paths have in common, with one of them, as served by two operations.
    /// `None` if the old operation accepts no such address.
    pub(super) fn common_service<'s>(
        &mut self,
        paths: &'s ServedPaths<'c>,
        (old_path, new_path): (&'s ServedPath<'c>, &'s ServedPath<'c>),
        (old, method): (usize, &'s Method),
    ) -> Option<SharedService<'s, 'c>> {
        let shared = old_path.template.shared(&new_path.template)?;
        if self.is_address_work_spent() {
            return None;
        }
        let set = self.common_set(paths, (old_path, new_path), (old, method))?;
        let (address, is_accepted) = match self.find_address(&set) {
            FoundAddress::Address(address) => (address, true),
            FoundAddress::Empty => return None,
            FoundAddress::Unsure => (shared.address(any_value), false),
        };
        if serving(self.old, method, &address) != Some(old) {
            return None;
        }
        Some(SharedService {
            shared,
            old_path,
            new_path,
            method: method.clone(),
            old,
            new: usize::MAX,
            address,
            is_accepted,
        })
    }

    /// What happens to requests because of path text that is a parameter on one side only.
    pub(super) fn outcome(
        &mut self,
        paths: &ServedPaths<'c>,
        service: &SharedService<'_, 'c>,
    ) -> PathOutcome {
        let mut outcome = PathOutcome::default();
        if service.is_accepted {
            self.try_address(service, &service.address, &mut outcome);
        }
        if let Some((open, refused)) = self.refusable(service) {
            let (addresses, is_complete) = self.other_addresses(paths, service, &refused);
            for address in addresses {
                self.try_address(service, &address, &mut outcome);
            }
            let is_open = service.is_accepted && !is_complete && outcome.refused.is_none();
            outcome.open = is_open.then_some(open);
        }
        if !service.is_accepted {
            outcome
                .served
                .get_or_insert_with(|| service.address.clone());
        }
        outcome
    }

    /// Whether the new operation refuses the path of an address that the old one accepts.
    fn try_address(
        &self,
        service: &SharedService<'_, 'c>,
        address: &str,
        outcome: &mut PathOutcome,
    ) {
        let old = &self.old.operations[service.old];
        let is_common = serving(self.new, &service.method, address) == Some(service.new)
            && accepts_path(self.old, old, &service.method, address);
        if !is_common {
            return;
        }
        match self.refusal(service, address) {
            Some(reason) => {
                outcome
                    .refused
                    .get_or_insert_with(|| (address.to_owned(), reason));
            }
            None => {
                outcome.served.get_or_insert_with(|| address.to_owned());
            }
        }
    }

    /// Why the new operation refuses the path of an address, apart from the expressions that both
    /// templates share.
    fn refusal(&self, service: &SharedService<'_, 'c>, address: &str) -> Option<String> {
        let operation = &self.new.operations[service.new];
        let aligned = service.shared.aligned();
        let is_judged = |name: &str| !aligned.iter().any(|(_, known)| known == name);
        let refusals = path_refusals(self.new, operation, &service.method, address);
        let mut refusals = refusals.into_iter();
        let found = refusals.find(|(name, _)| is_judged(name));
        found.map(|(_, reason)| reason)
    }

    /// The new path parameters that some texts of the old operation may not satisfy: the first of
    /// them, and texts that they refuse, by their names. `None` if they accept every text.
    fn refusable(
        &mut self,
        service: &SharedService<'_, 'c>,
    ) -> Option<(String, Vec<(&'c str, String)>)> {
        let aligned = service.shared.aligned();
        let operation: &'c Operation = &self.new.operations[service.new];
        let old = &service.old_path.template.segments;
        let new = &service.new_path.template.segments;
        let mut open = None;
        let mut texts = Vec::new();
        for (own, other) in old.iter().zip(new) {
            let is_fixed = own.iter().all(|piece| piece.name().is_none());
            for name in other.iter().filter_map(SegmentText::name) {
                let is_aligned = aligned.iter().any(|(_, known)| known == name);
                let parameter =
                    path_parameter(operation, name).filter(|_| !is_aligned && !is_fixed);
                let Some((parameter, schema)) =
                    parameter.and_then(|known| Some((known, known.schema()?)))
                else {
                    continue;
                };
                match self
                    .containment
                    .find_refused_text(schema, path_form(Some(parameter)), false)
                {
                    FoundText::Empty => continue,
                    FoundText::Value(value) => {
                        texts.push((name, path_text(Some(parameter), &value)));
                    }
                    FoundText::Unsure => {}
                }
                open.get_or_insert_with(|| name.to_owned());
                texts.extend(USUAL_TEXTS.map(|text| (name, text.to_owned())));
            }
        }
        open.map(|open| (open, texts))
    }

    /// Other addresses in common: with texts that the new parameters may refuse, and further ones of
    /// the old operation. Also whether these are all of its addresses.
    fn other_addresses(
        &mut self,
        paths: &ServedPaths<'c>,
        service: &SharedService<'_, 'c>,
        refused: &[(&str, String)],
    ) -> (Vec<String>, bool) {
        let mut addresses = Vec::new();
        let new = &service.new_path.template;
        for (wanted, text) in refused {
            let texts = service.address.split('/').skip(1);
            let segments = texts.zip(&new.segments).map(|(known, pieces)| {
                if pieces.iter().any(|piece| piece.name() == Some(wanted)) {
                    filled(pieces, |name| if name == *wanted { text } else { "1" })
                } else {
                    known.to_owned()
                }
            });
            let segments: Vec<String> = segments.collect();
            addresses.push(format!("/{}", segments.join("/")));
        }
        let service_paths = (service.old_path, service.new_path);
        let operation = (service.old, &service.method);
        let (mut known, mut is_complete) = (vec![service.address.clone()], false);
        let open = |(number, pieces): (usize, &Vec<SegmentText<'c>>)| {
            let is_open = pieces.len() > 1 || new.segments[number].len() > 1;
            is_open.then_some(number)
        };
        let segments = service.old_path.template.segments.iter().enumerate();
        let Some(open) = segments.into_iter().find_map(open) else {
            return (addresses, false);
        };
        for _ in 0..ADDRESSES_MAX {
            let Some(mut set) = self.common_set(paths, service_paths, operation) else {
                break;
            };
            let texts = known
                .iter()
                .filter_map(|address| address.split('/').nth(open + 1));
            let tried = texts.map(|text| vec![SegmentCondition::exactly(open, text)]);
            set.outside.extend(tried);
            match self.find_address(&set) {
                FoundAddress::Address(address) => known.push(address),
                FoundAddress::Empty => {
                    is_complete = service.old_path.template.has_one_expression();
                    break;
                }
                FoundAddress::Unsure => break,
            }
        }
        addresses.extend(known.into_iter().skip(1));
        (addresses, is_complete)
    }
}

fn filled<'f>(pieces: &[SegmentText<'_>], fill: impl Fn(&str) -> &'f str) -> String {
    let text = |piece: &SegmentText<'_>| match piece {
        SegmentText::Literal(text) => (*text).to_owned(),
        SegmentText::Expression(name) => fill(name).to_owned(),
    };
    pieces.iter().map(text).collect()
}
