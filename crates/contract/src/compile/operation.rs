//! Operations: what is their own and what they inherit.

use std::sync::Arc;

use http::Method;

use portcullis_json::{Kind, Node};
use portcullis_vocabulary::enforcement::Enforcement;

use super::super::document::{Documents, Place};
use super::super::operation::{Operation, OwnEnforcement};
use super::super::parameter::Parameter;
use super::super::problem::ProblemKind;
use super::super::route::{Template, Verb};
use super::super::security::Security;
use super::super::violation::Part;
use super::paths::Inherited;
use super::walk::Walk;

impl<'d> Walk<'d> {
    pub(super) fn operation(
        &mut self,
        template: &Template,
        verb: Verb,
        place: Place,
        inherited: &Inherited<'d>,
    ) -> Option<u32> {
        if !self.is_a(Kind::Object, place, "an operation") {
            return None;
        }
        let node = self.documents.node(place);
        let method = Method::from_bytes(verb.name().as_bytes()).expect("verbs are methods");
        let own = self.inherit(place, node, inherited);
        let mut parameters = self.parameters(place, node, template);
        for above in &inherited.parameters {
            if !parameters.iter().any(|parameter| parameter.is_same(above)) {
                parameters.push(above.clone());
            }
        }
        self.undeclared_expressions(template, place, &parameters);
        let id = u32::try_from(self.operations.len()).ok()?;
        let operation = Operation {
            name: self.name(node, &method, template, place),
            path: template.key().into(),
            provider: own.provider,
            tier: own.tier,
            enforcement: self.enforcement(place, node),
            takes_any_query: parameters.iter().any(Parameter::takes_any_query),
            parameters,
            security: self.security(place, node),
            body: self.body(place, node, &method),
            responses: self.responses(place, node),
            method,
            place,
        };
        self.operations.push(operation);
        Some(id)
    }

    fn name(
        &mut self,
        node: Node<'d>,
        method: &Method,
        template: &Template,
        place: Place,
    ) -> Arc<str> {
        let declared = node.get("operationId").and_then(|id| id.as_str());
        let name: Arc<str> = match declared {
            Some(id) => id.into(),
            None => format!("{method} {}", template.key()).into(),
        };
        if let Some(first) = self.names.insert(Arc::clone(&name), place) {
            let line = self.documents.line(first);
            let message = format!(
                "the operationId `{name}` is taken by the operation in line {line}; metrics and refusals cannot tell them apart"
            );
            self.warn(ProblemKind::MalformedDocument, place, &message);
        }
        name
    }

    /// Its own requirements, else those of the document.
    fn security(&mut self, place: Place, node: Node<'d>) -> Security {
        let own = node.get("security");
        let entry = self.documents.entry_place();
        let declared = match own {
            Some(list) => Some(Documents::place(place, list)),
            None => self.documents.member(entry, "security"),
        };
        let Some(declared) = declared else {
            return Security::default();
        };
        match self.schemes.requirements(self.documents, declared) {
            Ok(security) => security,
            Err((at, message)) => {
                self.error(ProblemKind::MalformedDocument, at, &message);
                Security::default()
            }
        }
    }

    /// `x-portcullis: { request: report, response: off, idempotent: true }`.
    fn enforcement(&mut self, near: Place, node: Node<'d>) -> OwnEnforcement {
        let mut own = OwnEnforcement::default();
        for (name, value) in node
            .get("x-portcullis")
            .into_iter()
            .flat_map(|extension| extension.members())
        {
            let at = Documents::place(near, value);
            if name == "idempotent" {
                own.idempotent = value.as_bool();
                if own.idempotent.is_none() {
                    let message = "`x-portcullis.idempotent` must be true or false";
                    self.error(ProblemKind::MalformedDocument, at, message);
                }
                continue;
            }
            let side = match name {
                "request" => &mut own.request,
                "response" => &mut own.response,
                other => {
                    let message = format!("`x-portcullis.{other}` is not known and does nothing");
                    self.warn(ProblemKind::NotJudged, at, &message);
                    continue;
                }
            };
            let mut names = Enforcement::NAMES.iter();
            match names.find(|(known, _)| value.as_str() == Some(known)) {
                Some((_, found)) => *side = Some(*found),
                None => {
                    let message = format!("`x-portcullis.{name}` must be reject, report or off");
                    self.error(ProblemKind::MalformedDocument, at, &message);
                }
            }
        }
        own
    }

    fn undeclared_expressions(&mut self, template: &Template, place: Place, known: &[Parameter]) {
        for name in template.names() {
            if !known
                .iter()
                .any(|known| known.part == Part::Path && known.name == name)
            {
                let message = format!(
                    "`{{{name}}}` in `{}` has no parameter and takes any text",
                    template.key()
                );
                self.warn(ProblemKind::MalformedPath, place, &message);
            }
        }
    }
}
