//! The security schemes that a contract declares, and the requirements that refer to them.

use std::collections::HashMap;

use super::media_range::is_token;
use super::security_requirements::{Credential, SecurityRequirements};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::{follow, resolve};

/// The security schemes of the entry document, which requirements refer to by name (OpenAPI 3.1.1,
/// Appendix F).
#[derive(Debug)]
pub(crate) struct SecuritySchemes {
    by_name: HashMap<String, Result<Credential, String>>,
    takes_references: bool,
}

impl SecuritySchemes {
    /// Reads the schemes that the entry document declares.
    pub(crate) fn of(documents: &DocumentSet) -> Self {
        let entry = documents.entry_ref();
        let dialect = Dialect::of(documents.node(entry)).ok();
        let declared = documents
            .node(entry)
            .get("components")
            .and_then(|components| components.get("securitySchemes"));
        let members = declared.into_iter().flat_map(|schemes| schemes.members());
        let by_name = members.map(|(name, scheme)| {
            let node_ref = DocumentSet::node_ref(entry, scheme);
            let credential = match follow(documents, node_ref) {
                Ok(target) => credential(documents, target, dialect),
                Err((_, error)) => Err(error.to_string()),
            };
            (name.to_owned(), credential)
        });
        Self {
            by_name: by_name.collect(),
            takes_references: dialect == Some(Dialect::V32),
        }
    }

    /// Whether the contract declares none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The scheme that a URI reference leads to, which a name may be in OpenAPI 3.2 (OpenAPI 3.2.0,
    /// Security Requirement Object, `{name}`).
    fn by_reference(
        &self,
        documents: &DocumentSet,
        at: NodeRef,
        name: &str,
    ) -> Option<Result<Credential, String>> {
        let is_reference = self.takes_references && name.contains(['#', '/', '.']);
        is_reference.then(|| {
            let target = resolve(documents, at, name).map_err(|error| error.to_string())?;
            let target = follow(documents, target).map_err(|(_, error)| error.to_string())?;
            credential(documents, target, Some(Dialect::V32))
        })
    }

    /// The requirements in the list at `list`.
    ///
    /// Each scheme that cannot be read is added to `faults`, with the requirement that names it and
    /// what is wrong. It stays a requirement: ignoring it would remove one.
    pub(crate) fn requirements(
        &self,
        documents: &DocumentSet,
        list: NodeRef,
        faults: &mut Vec<(NodeRef, String)>,
    ) -> SecurityRequirements {
        let mut alternatives = Vec::new();
        for requirement in documents.node(list).elements() {
            let at = DocumentSet::node_ref(list, requirement);
            let mut all = Vec::new();
            if !requirement.is_object() {
                let message = "a security requirement must be an object, such as `{api_key: []}`";
                faults.push((at, message.to_owned()));
                all.push(Credential::Unreadable(at));
            }
            for (name, _) in requirement.members() {
                let by_reference = || self.by_reference(documents, at, name);
                let message = match self.by_name.get(name).cloned().or_else(by_reference) {
                    Some(Ok(credential)) => {
                        all.push(credential);
                        continue;
                    }
                    Some(Err(reason)) => format!("`{name}`: {reason}"),
                    None => {
                        let place = if documents.is_swagger() {
                            "securityDefinitions"
                        } else {
                            "components.securitySchemes"
                        };
                        format!("`{name}` is not among `{place}` of the entry document")
                    }
                };
                faults.push((at, message));
                all.push(Credential::Unreadable(at));
            }
            if all.is_empty() {
                // `{}` allows anonymous requests, so nothing is required.
                return SecurityRequirements::default();
            }
            alternatives.push(all);
        }
        SecurityRequirements {
            alternatives,
            node_ref: Some(list),
        }
    }
}

fn credential(
    documents: &DocumentSet,
    node_ref: NodeRef,
    dialect: Option<Dialect>,
) -> Result<Credential, String> {
    let scheme = documents.node(node_ref);
    let text = |name: &str| scheme.get(name).and_then(|value| value.as_str());
    match text("type") {
        Some("apiKey") => {
            let name = text("name")
                .ok_or("an `apiKey` scheme needs `name`")?
                .to_owned();
            let place = text("in");
            let is_name = match place {
                Some("header") => is_token(&name),
                Some("cookie") => !name.is_empty() && !name.contains(['=', ';', ' ']),
                _ => true,
            };
            if !is_name {
                return Err(format!(
                    "`{name}` cannot be the name of a header field or a cookie"
                ));
            }
            match place {
                Some("header") => Ok(Credential::Header(name)),
                Some("query") => Ok(Credential::Query(name)),
                Some("cookie") => Ok(Credential::Cookie(name)),
                _ => Err("`in` must be query, header or cookie".to_owned()),
            }
        }
        Some("http") => {
            let scheme = text("scheme").ok_or("an `http` scheme needs `scheme`")?;
            if !is_token(scheme) {
                return Err(format!("`scheme: {scheme}` is not the name of a scheme of HTTP"));
            }
            Ok(match scheme.to_ascii_lowercase().as_str() {
                "basic" => Credential::Basic,
                "bearer" => Credential::Bearer,
                _ => Credential::Scheme(scheme.to_owned()),
            })
        }
        Some("oauth2" | "openIdConnect") => Ok(Credential::Bearer),
        Some("mutualTLS") if dialect == Some(Dialect::V30) => Err(
            "`type: mutualTLS` belongs to OpenAPI 3.1: write `openapi: 3.1.1`, or remove the scheme"
                .to_owned(),
        ),
        Some("mutualTLS") => Ok(Credential::Certificate),
        _ => Err("`type` must be apiKey, http, oauth2, openIdConnect or mutualTLS".to_owned()),
    }
}
