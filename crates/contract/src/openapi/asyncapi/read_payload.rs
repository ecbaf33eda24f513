//! Reads the schemas of payloads that are judged apart from the rest of the event.

use std::sync::Arc;

use portcullis_avro::{AvroFault, AvroSchema, read_avro};
use portcullis_protobuf::{ProtobufFault, ProtobufReading, ProtobufSchema, read_protobuf};

use super::event_contract::PayloadSchema;
use super::read_events::EventReading;
use super::schema_format::SchemaFormat;
use crate::openapi::document::NodeRef;
use crate::openapi::proto_imports::imported_text;
use crate::openapi::written_node::WrittenNode;

impl EventReading<'_> {
    /// The schema of a payload in Avro or Protobuf. Reports what is wrong with it; references that lead
    /// nowhere are reported where the schema is lowered.
    pub(super) fn payload_schema(
        &mut self,
        payload: &WrittenNode,
        format: &SchemaFormat,
    ) -> Option<PayloadSchema> {
        if format.is_avro() {
            self.avro_schema(payload).map(PayloadSchema::Avro)
        } else if format.is_protobuf() {
            self.protobuf_schema(payload).map(PayloadSchema::Protobuf)
        } else {
            None
        }
    }

    fn avro_schema(&mut self, payload: &WrittenNode) -> Option<Arc<AvroSchema>> {
        let target = payload.target(self.documents)?;
        match read_avro(self.node(&target)) {
            Ok(schema) => Some(Arc::new(schema)),
            Err(faults) => {
                let document = target.node_ref.document;
                for AvroFault { node, message } in faults {
                    self.problem_once((NodeRef { document, node }, message));
                }
                None
            }
        }
    }

    fn protobuf_schema(&mut self, payload: &WrittenNode) -> Option<Arc<ProtobufSchema>> {
        let target = payload.target(self.documents)?;
        let Some(text) = self.node(&target).as_str() else {
            let message = "a schema in Protobuf is a text: write the file after `|`, or refer to it \
                           with `$ref`";
            self.problem_once((target.node_ref, message.to_owned()));
            return None;
        };
        let (documents, own) = (self.documents, target.node_ref);
        let mut find = |document: u32, import: &str| imported_text(documents, document, import);
        match read_protobuf(own.document, text, &mut find) {
            ProtobufReading::Schema(schema) => Some(Arc::new(schema)),
            ProtobufReading::Unknown(reason) => {
                let reason = format!("the schema in Protobuf is not judged: {reason}");
                self.unjudged.push((own, reason));
                None
            }
            ProtobufReading::Faulty(faults) => {
                for ProtobufFault { document, message } in faults {
                    let node_ref = match document {
                        _ if document == own.document => own,
                        _ => documents.root_ref(document),
                    };
                    self.problem_once((node_ref, message));
                }
                None
            }
        }
    }

    /// Reports a problem of a schema that several messages can have.
    fn problem_once(&mut self, problem: (NodeRef, String)) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
