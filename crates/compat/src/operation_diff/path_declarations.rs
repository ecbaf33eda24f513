//! Path parameters that only one revision declares. Without a declaration, the path accepts any
//! text in their place.

use portcullis_contract::{MessageDirection, MessagePart, Parameter, ParameterStyle};

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::ExchangePart;
use super::super::containment::FoundText;
use super::super::witness::path_text;
use super::address_search::{path_form, path_parameter};
use super::address_template::{AddressTemplate, SegmentText};
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison, OperationPair};
use super::path_outcomes::USUAL_TEXTS;
use super::served_paths::{accepts_path, path_refusals};

/// Path parameters belong to a request.
const REQUEST: Option<MessageDirection> = Some(MessageDirection::Request);

impl<'c> ContractComparison<'c> {
    /// Reports a path parameter that only the older revision declares: any text is accepted now.
    pub(super) fn undeclared_in_path(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        before: &Parameter,
    ) {
        let change = ChangeDetails::at(ExchangePart::parameter(before.part, &before.name))
            .between(before.node_ref, pair.new.node_ref);
        self.push("parameter.path.undeclared", scope, REQUEST, change);
    }

    /// Reports a path parameter that only the newer revision declares. `was` is its name in the
    /// older path.
    pub(super) fn declared_in_path(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        was: &str,
        after: &'c Parameter,
    ) {
        const RULE: &str = "parameter.path.declared";
        let part = ExchangePart::parameter(MessagePart::Path, &after.name);
        let change = ChangeDetails::at(part.clone()).between(pair.old.node_ref, after.node_ref);
        self.push(RULE, scope, REQUEST, change);
        let form = path_form(Some(after));
        let refused = after.schema().map(|schema| {
            self.containment
                .find_refused_text(schema, form, !after.is_plain())
        });
        let texts = match &refused {
            Some(FoundText::Value(value)) => Some(path_text(Some(after), value)),
            _ => None,
        };
        let texts = texts.into_iter().chain(USUAL_TEXTS.map(str::to_owned));
        let method = match self.takeover(pair) {
            Some(takeover) => takeover.method.clone(),
            None => pair.old.method.clone(),
        };
        for text in texts {
            let address = self.old_address(pair, was, &text);
            let refusals = path_refusals(self.new, pair.new, &method, &address);
            let is_refused = refusals.iter().any(|(name, _)| *name == after.name);
            if is_refused && accepts_path(self.old, pair.old, &method, &address) {
                self.add_refused(scope, RULE, &part, (pair.old, &method, address));
                return;
            }
        }
        let is_plain = after.style == ParameterStyle::Simple;
        match refused {
            None | Some(FoundText::Empty) if is_plain => {
                self.set_level(ChangeLevel::Info, ChangeCertainty::Proved);
            }
            _ => self.set_unknown("no text was found that the newer path parameter refuses"),
        }
    }

    /// An address of the older operation with a text in the place of one expression.
    fn old_address(&mut self, pair: OperationPair<'c>, name: &str, text: &str) -> String {
        let template = match self.takeover(pair) {
            Some(takeover) => takeover.old_template.clone(),
            None => {
                let listing = self.old.listing().into_iter();
                let mut own = listing.filter(|(other, _)| std::ptr::eq(*other, pair.old));
                let first = own.find_map(|(_, addresses)| addresses.first().copied());
                first.unwrap_or(&pair.old.path).to_owned()
            }
        };
        let mut address = String::new();
        for pieces in AddressTemplate::of(&template).segments {
            address.push('/');
            for piece in pieces {
                match piece {
                    SegmentText::Literal(text) => address.push_str(text),
                    SegmentText::Expression(own) if own == name => address.push_str(text),
                    SegmentText::Expression(own) => {
                        let parameter = path_parameter(pair.old, own);
                        address.push_str(&self.text_of(parameter));
                    }
                }
            }
        }
        address
    }
}
