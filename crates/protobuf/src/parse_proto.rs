//! Parses a Protobuf file (Protocol Buffers Language Specification, proto2 and proto3).
//!
//! Options have no effect on the wire except `packed`, `json_name`, `default` and `allow_alias`; others
//! are skipped, with values of any form. Services are skipped, too.

use crate::parse_field::qualified;
use crate::proto_file::{ProtoFile, ProtoSyntax, TextFault, WrittenMessage};
use crate::proto_parser::{Parsed, ProtoParser};
use crate::proto_token::ProtoTokenKind;

/// How deep messages may be nested.
const DEPTH_MAX: usize = 32;

/// What a file consists of.
const STATEMENTS: &str = "`message`, `enum`, `import`, `package`, `option`, `extend` or `service`";

/// Why a file cannot be read.
#[derive(Debug)]
pub(crate) enum ParseStop {
    /// It is wrong.
    Fault(TextFault),
    /// It is written in a language that is not read.
    Unknown(String),
}

impl From<TextFault> for ParseStop {
    fn from(fault: TextFault) -> Self {
        Self::Fault(fault)
    }
}

/// Parses a file.
pub(crate) fn parse_proto(text: &str) -> Result<ProtoFile, ParseStop> {
    let mut parser = ProtoParser::of(text)?;
    if matches!(parser.peek().kind, ProtoTokenKind::Word("edition")) {
        return Err(ParseStop::Unknown(
            "Protobuf files with an `edition` are not compared".to_owned(),
        ));
    }
    parser.syntax()?;
    while parser.peek().kind != ProtoTokenKind::End {
        parser.statement()?;
    }
    Ok(parser.file)
}

impl ProtoParser<'_> {
    fn syntax(&mut self) -> Parsed<()> {
        if !self.takes_word("syntax") {
            return Ok(());
        }
        self.symbol('=')?;
        self.file.syntax = match self.peek().kind.clone() {
            ProtoTokenKind::Text(text) if text == "proto2" => ProtoSyntax::Proto2,
            ProtoTokenKind::Text(text) if text == "proto3" => ProtoSyntax::Proto3,
            _ => return self.expected("`\"proto2\"` or `\"proto3\"`"),
        };
        self.text()?;
        self.symbol(';')
    }

    fn statement(&mut self) -> Parsed<()> {
        if self.takes_symbol(';') {
            return Ok(());
        }
        let token = self.peek();
        let (is_root_noted, package) = (token.is_root_noted, self.file.package.clone());
        let ProtoTokenKind::Word(word) = token.kind else {
            return self.expected(STATEMENTS);
        };
        if !STATEMENTS.contains(&format!("`{word}`")) {
            return self.expected(STATEMENTS);
        }
        self.next();
        match word {
            "package" if !package.is_empty() => {
                Err(self.fault("the file has two packages".to_owned()))
            }
            "package" => {
                self.file.package = self.full_name()?;
                self.symbol(';')
            }
            "import" => {
                if !self.takes_word("public") {
                    self.takes_word("weak");
                }
                let name = self.text()?;
                self.file.imports.push(name);
                self.symbol(';')
            }
            "option" => self.option().map(|_| ()),
            "message" => self.message(&package, is_root_noted),
            "enum" => self.enumeration(&package),
            "extend" => self.extend(&package),
            _ => {
                let place = self.place();
                let name = qualified(&package, self.word("the name of a service")?);
                self.file.other_names.push((name, place));
                self.block()
            }
        }
    }

    fn message(&mut self, scope: &str, is_root_noted: bool) -> Parsed<()> {
        let place = self.place();
        let name = qualified(scope, self.word("the name of a message")?);
        let message = WrittenMessage {
            name,
            place,
            is_nested: self.depth > 0,
            is_root_noted,
            ..WrittenMessage::default()
        };
        self.message_body(message)
    }

    pub(crate) fn message_body(&mut self, mut message: WrittenMessage) -> Parsed<()> {
        self.symbol('{')?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault(format!("more than {DEPTH_MAX} messages are nested")));
        }
        while !self.takes_symbol('}') {
            self.message_member(&mut message)?;
        }
        self.depth -= 1;
        self.file.messages.push(message);
        Ok(())
    }

    fn message_member(&mut self, message: &mut WrittenMessage) -> Parsed<()> {
        if self.takes_symbol(';') {
            return Ok(());
        }
        let scope = message.name.clone();
        // Names of statements are names of types, too.
        let after = self.after();
        let has_name = matches!(after, ProtoTokenKind::Word(_));
        let is_range = matches!(after, ProtoTokenKind::Integer(_) | ProtoTokenKind::Text(_));
        let ProtoTokenKind::Word(word) = self.peek().kind else {
            return self.field_of(message, None);
        };
        match word {
            "message" if has_name => {
                self.next();
                self.message(&scope, false)
            }
            "enum" if has_name => {
                self.next();
                self.enumeration(&scope)
            }
            "extend" if has_name || *after == ProtoTokenKind::Symbol('.') => {
                self.next();
                self.extend(&scope)
            }
            "option" if has_name || *after == ProtoTokenKind::Symbol('(') => {
                self.next();
                self.option().map(|_| ())
            }
            "oneof" if has_name => {
                self.next();
                self.oneof(message)
            }
            "extensions" if is_range => {
                self.next();
                self.ranges(&mut message.extension_numbers)?;
                if self.is_symbol('[') {
                    self.field_options()?;
                }
                self.symbol(';')
            }
            "reserved" if is_range => {
                self.next();
                if matches!(self.peek().kind, ProtoTokenKind::Text(_)) {
                    self.names(&mut message.reserved_names)?;
                } else {
                    self.ranges(&mut message.reserved)?;
                }
                self.symbol(';')
            }
            _ => self.field_of(message, None),
        }
    }
}
