//! The compiled contract: everything the data plane needs, immutable.

use std::collections::HashSet;
use std::sync::Arc;

use super::dialect::{Dialect, Direction};
use super::document::{Documents, Spot};
use super::operation::{MediaType, Operation};
use super::problem::Problem;
use super::revision::Identity;
use super::route::{Captures, Match, RouteTable};
use super::sampling::{self, Sample};
use super::schema::SchemaSet;

/// One revision of a contract, compiled.
#[derive(Debug)]
pub struct CompiledContract {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of the content: `sha256:` and 64 hexadecimal digits.
    pub revision: Arc<str>,
    /// The dialect.
    pub dialect: Dialect,
    /// `info.x-squad-owner`, or that of the document.
    pub provider: Option<Arc<str>>,
    /// The operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// What is questionable about the contract without keeping it from being enforced.
    pub warnings: Vec<Problem>,
    pub(super) documents: Documents,
    pub(super) routes: RouteTable,
    pub(super) requests: SchemaSet,
    pub(super) responses: SchemaSet,
}

impl CompiledContract {
    /// The names of all members that schemas declare.
    pub fn property_names(&self) -> HashSet<String> {
        let mut names = HashSet::new();
        for document in self.documents.list() {
            let mut open = vec![document.root()];
            while let Some(node) = open.pop() {
                for (name, value) in node.members() {
                    if name == "properties" {
                        names.extend(value.members().map(|(name, _)| name.to_owned()));
                    }
                    open.push(value);
                }
                open.extend(node.elements());
            }
        }
        names
    }

    /// What tells this revision from others.
    pub fn identity(&self) -> Identity {
        Identity {
            title: Arc::clone(&self.title),
            version: Arc::clone(&self.version),
            revision: Arc::clone(&self.revision),
            provider: self.provider.clone(),
        }
    }

    /// Finds the operation for a method and a raw path.
    pub fn find(&self, method: &http::Method, path: &str, captures: &mut Captures) -> Match<'_> {
        self.routes.find(method, path, captures)
    }

    /// The declared path that is most like an unknown one.
    pub fn nearest_path(&self, path: &str) -> Option<&str> {
        self.routes.nearest(path)
    }

    /// Where a place stands, for a person.
    pub fn spot(&self, place: super::document::Place) -> Spot {
        self.documents.spot(place)
    }

    /// The files of the contract, the entry first.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.documents.list().iter().map(|document| &*document.name)
    }

    /// The operations by method and path, for people.
    pub fn operation(&self, index: u32) -> &Operation {
        &self.operations[index as usize]
    }

    /// A body for a response: the contract's own example, or a generated value; always one that
    /// satisfies the response's schema.
    pub fn sample(&self, media: &MediaType, name: Option<&str>) -> Sample {
        sampling::sample(self, media, name)
    }

    /// The schemas of one direction.
    pub(super) fn schemas(&self, direction: Direction) -> &SchemaSet {
        match direction {
            Direction::Request => &self.requests,
            Direction::Response => &self.responses,
        }
    }
}
