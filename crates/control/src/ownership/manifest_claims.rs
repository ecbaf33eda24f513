//! Reads what Kubernetes manifests claim: namespaces and release names.
//!
//! Manifests claim a namespace by `metadata.namespace`, by an object of kind `Namespace`, by
//! kustomizations (kustomize and Flux), by Flux's `HelmRelease` and by the destination of an Argo
//! CD `Application`. They claim a release name by the label `app.kubernetes.io/instance`, by Helm's
//! own annotations, by a `HelmRelease` and by an `Application`. The namespace of an `Application`
//! itself is not a claim: it is where the controller looks for applications.
//!
//! A stream is split at its document markers, which YAML allows nowhere else (YAML 1.2.2 section
//! 9.1.2), and each document is read like a contract. A document that does not look like a manifest
//! is skipped without parsing it, and so is a template, which is not valid YAML yet.

use std::borrow::Cow;
use std::path::PathBuf;

use portcullis_contract::Document;
use portcullis_contract::DocumentParseError;
use portcullis_json::{DuplicateKeys, JsonLimits, JsonNode};

/// How deeply a manifest may nest; custom resource definitions need thirty levels.
const DEPTH_MAX: u32 = 128;

/// The claims of a set of manifests.
#[derive(Clone, Debug, Default)]
pub struct ManifestClaims {
    /// The claims, in the order of files and lines.
    pub claims: Vec<ManifestClaim>,
    /// Manifests that cannot be read.
    pub broken: Vec<BrokenManifest>,
    /// Files with templates of manifests.
    pub templates: Vec<String>,
}

/// A name that a manifest claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestClaim {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// A JSON pointer (RFC 6901) within the document.
    pub pointer: String,
    /// The object that claims the name: its kind and name.
    pub object: String,
    /// The kind of name.
    pub kind: ClaimKind,
    /// The name.
    pub name: String,
    /// The namespace of a release, if the manifest names it.
    pub namespace: Option<String>,
}

/// The kinds of names that manifests claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimKind {
    /// A namespace.
    Namespace,
    /// The name of a release.
    Release,
}

/// A file that looks like a manifest and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenManifest {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// Whether a file may be a manifest, by its name alone.
pub fn looks_like_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    matches!(end.as_deref(), Some("yaml" | "yml")) || name == "Kustomization"
}

/// Reads the manifests of a file and adds their claims.
pub fn read_manifests(path: &str, bytes: &[u8], manifests: &mut ManifestClaims) {
    let is_kustomization = is_kustomization(path);
    // Invalid UTF-8 is replaced, so that even then a manifest can be recognised and reported.
    let text = String::from_utf8_lossy(bytes);
    let is_text = matches!(text, Cow::Borrowed(_));
    for (line, document) in documents(&text) {
        if !is_kustomization && !has_api_version_and_kind(document) {
            continue;
        }
        if !is_text {
            manifests.broken.push(BrokenManifest {
                path: path.to_owned(),
                line,
                message: "not UTF-8: save the file as UTF-8".to_owned(),
            });
            return;
        }
        match parse(path, document) {
            Ok(parsed) => {
                let mut reading = ManifestReader {
                    path,
                    line_before: line - 1,
                    is_kustomization,
                    claims: &mut manifests.claims,
                };
                reading.object(parsed.root(), "");
            }
            Err(_) if text.contains("{{") => {
                if manifests.templates.last().is_none_or(|last| last != path) {
                    manifests.templates.push(path.to_owned());
                }
            }
            Err(error) => manifests.broken.push(BrokenManifest {
                path: path.to_owned(),
                line: error.line + line - 1,
                message: error.message,
            }),
        }
    }
}

fn is_kustomization(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "kustomization.yaml" | "kustomization.yml" | "Kustomization"
    )
}

fn parse(path: &str, text: &str) -> Result<Document, DocumentParseError> {
    let limits = JsonLimits {
        depth_max: DEPTH_MAX,
        duplicate_keys: DuplicateKeys::Refuse,
    };
    Document::parse(path, PathBuf::from(path), text.into(), limits)
}

/// The non-empty documents of a stream, each with its first line.
fn documents(text: &str) -> Vec<(u32, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut documents, mut start, mut first, mut offset) = (Vec::new(), 0, 1, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_start = is_marker(line, "---");
        let is_end = is_marker(line, "...");
        if is_start || is_end {
            documents.push((first, &text[start..offset]));
            (start, first) = if is_start {
                (offset, number)
            } else {
                (offset + line.len(), number + 1)
            };
        }
        offset += line.len();
    }
    documents.push((first, &text[start..]));
    documents.retain(|(_, document)| has_content(document));
    documents
}

fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace()))
}

fn has_content(document: &str) -> bool {
    document.lines().any(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim();
        !line.is_empty() && !line.starts_with(['#', '%'])
    })
}

/// Whether the properties `apiVersion` and `kind` are at the margin, or anywhere in JSON's style.
fn has_api_version_and_kind(document: &str) -> bool {
    let names = ["apiVersion", "kind"];
    let body = document
        .strip_prefix("---")
        .unwrap_or(document)
        .trim_start();
    if body.starts_with('{') {
        return names.iter().all(|name| body.contains(name));
    }
    let is_named = |name: &str| {
        document.lines().any(|line| {
            let line = line.trim_start_matches(['"', '\'']);
            let rest = line.strip_prefix(name);
            let rest = rest.map(|rest| rest.trim_start_matches(['"', '\'', ' ']));
            rest.is_some_and(|rest| rest.starts_with(':'))
        })
    };
    names.iter().all(|name| is_named(name))
}

/// Reads the claims of the objects in one document.
struct ManifestReader<'a> {
    path: &'a str,
    line_before: u32,
    is_kustomization: bool,
    claims: &'a mut Vec<ManifestClaim>,
}

impl ManifestReader<'_> {
    fn object(&mut self, object: JsonNode<'_>, at: &str) {
        let text = |name| {
            object
                .get(name)
                .and_then(JsonNode::as_str)
                .unwrap_or_default()
        };
        let (version, kind) = (text("apiVersion"), text("kind"));
        let group = version.split_once('/').map_or("", |(group, _)| group);
        match (group, kind) {
            ("", "") if !self.is_kustomization => {}
            ("", "") | ("kustomize.config.k8s.io", "Kustomization") => {
                self.namespace(object, at, "/namespace");
            }
            ("", "Namespace") => {
                self.namespace(object, at, "/metadata/name");
            }
            ("", "List") => {
                let items = object.get("items").into_iter().flat_map(JsonNode::elements);
                for (index, item) in items.enumerate() {
                    self.object(item, &format!("{at}/items/{index}"));
                }
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                self.namespace(object, at, "/metadata/namespace");
                self.namespace(object, at, "/spec/targetNamespace");
            }
            ("helm.toolkit.fluxcd.io", "HelmRelease") => self.helm_release(object, at),
            ("argoproj.io", "Application") => self.application(object, at, "/spec"),
            ("argoproj.io", "ApplicationSet") => {
                self.application(object, at, "/spec/template/spec");
            }
            _ => self.other_object(object, at),
        }
    }

    fn other_object(&mut self, object: JsonNode<'_>, at: &str) {
        let namespace = self.namespace(object, at, "/metadata/namespace");
        let label = "/metadata/labels/app.kubernetes.io~1instance";
        self.release(object, at, label, namespace.clone());
        let annotation = "/metadata/annotations/meta.helm.sh~1release-namespace";
        let of_release = self.namespace(object, at, annotation).or(namespace);
        let annotation = "/metadata/annotations/meta.helm.sh~1release-name";
        self.release(object, at, annotation, of_release);
    }

    /// Without `releaseName`, Flux names a release after its namespace and the object.
    fn helm_release(&mut self, object: JsonNode<'_>, at: &str) {
        let own = self.namespace(object, at, "/metadata/namespace");
        self.namespace(object, at, "/spec/storageNamespace");
        let target = self.namespace(object, at, "/spec/targetNamespace");
        let namespace = target.clone().or(own);
        if self.release(object, at, "/spec/releaseName", namespace.clone()) {
            return;
        }
        if let Some(name) = object.pointer("/metadata/name").and_then(JsonNode::as_str) {
            let name = target.map_or_else(|| name.to_owned(), |target| format!("{target}-{name}"));
            self.claim(
                object,
                at,
                "/metadata/name",
                ClaimKind::Release,
                &name,
                namespace,
            );
        }
    }

    /// Without `releaseName`, Argo CD names a release after the application.
    fn application(&mut self, object: JsonNode<'_>, at: &str, spec: &str) {
        let destination = format!("{spec}/destination/namespace");
        let namespace = self.namespace(object, at, &destination);
        let own = format!("{spec}/source/helm/releaseName");
        let mut is_named = self.release(object, at, &own, namespace.clone());
        let sources = object.pointer(&format!("{spec}/sources"));
        for index in 0..sources.map_or(0, JsonNode::len) {
            let name = format!("{spec}/sources/{index}/helm/releaseName");
            is_named |= self.release(object, at, &name, namespace.clone());
        }
        if !is_named {
            self.release(object, at, "/metadata/name", namespace);
        }
    }

    fn namespace(&mut self, object: JsonNode<'_>, at: &str, pointer: &str) -> Option<String> {
        let name = object.pointer(pointer)?.as_str()?;
        let is_claimed = self.claim(object, at, pointer, ClaimKind::Namespace, name, None);
        is_claimed.then(|| name.to_owned())
    }

    fn release(
        &mut self,
        object: JsonNode<'_>,
        at: &str,
        pointer: &str,
        namespace: Option<String>,
    ) -> bool {
        let name = object.pointer(pointer).and_then(JsonNode::as_str);
        name.is_some_and(|name| {
            self.claim(object, at, pointer, ClaimKind::Release, name, namespace)
        })
    }

    /// Adds a claim if the text is a valid name; a text with placeholders is not.
    fn claim(
        &mut self,
        object: JsonNode<'_>,
        at: &str,
        pointer: &str,
        kind: ClaimKind,
        name: &str,
        namespace: Option<String>,
    ) -> bool {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || !name.chars().all(is_letter) {
            return false;
        }
        let line = object.pointer(pointer).map_or(1, JsonNode::key_line);
        self.claims.push(ManifestClaim {
            path: self.path.to_owned(),
            line: line + self.line_before,
            pointer: format!("{at}{pointer}"),
            object: described(object),
            kind,
            name: name.to_owned(),
            namespace,
        });
        true
    }
}

fn described(object: JsonNode<'_>) -> String {
    let text = |pointer| object.pointer(pointer).and_then(JsonNode::as_str);
    let kind = text("/kind").unwrap_or("Kustomization");
    text("/metadata/name").map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
}
