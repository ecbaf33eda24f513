//! Composes parser events into a flat list of items, in document order.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::scalar::ScalarTag;
use super::yaml_error::YamlError;

/// The position where an item starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct YamlPosition {
    /// 1-based.
    pub(super) line: u32,
    /// 1-based.
    pub(super) column: u32,
}

impl YamlPosition {
    fn at(marker: &Marker) -> Self {
        Self {
            line: marker.line().max(1) as u32,
            column: marker.col() as u32 + 1,
        }
    }

    pub(super) fn error(self, message: impl Into<String>) -> YamlError {
        YamlError {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

#[derive(Debug)]
pub(super) enum YamlContent<'a> {
    Scalar {
        text: Cow<'a, str>,
        plain: bool,
        tag: Option<ScalarTag>,
    },
    /// `past` is the index after the last descendant.
    Sequence { past: usize },
    /// Keys and values alternate. `past` is the index after the last descendant.
    Mapping { past: usize },
    /// The index of the item with the anchor.
    Alias(usize),
}

#[derive(Debug)]
pub(super) struct YamlItem<'a> {
    pub(super) position: YamlPosition,
    pub(super) content: YamlContent<'a>,
}

impl YamlItem<'_> {
    /// The index after this item and its descendants; `at` is its own index.
    pub(super) fn end_index(&self, at: usize) -> usize {
        match self.content {
            YamlContent::Sequence { past } | YamlContent::Mapping { past } => past,
            YamlContent::Scalar { .. } | YamlContent::Alias(_) => at + 1,
        }
    }
}

/// Composes the single document of `text`.
pub(super) fn compose(text: &str, depth_max: u32) -> Result<Vec<YamlItem<'_>>, YamlError> {
    let mut composer = YamlComposer {
        items: Vec::new(),
        open: Vec::new(),
        anchors: Vec::new(),
        documents: 0,
        depth_max,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let position = YamlPosition::at(error.marker());
            match error.info() {
                // The limit of the parser itself, which it can reach while it looks ahead.
                "recursion limit exceeded" => position.error(too_deep(depth_max)),
                info => position.error(info),
            }
        })?;
        composer.compose_event(event, YamlPosition::at(&span.start))?;
    }
    if composer.items.is_empty() {
        return Err(YamlPosition { line: 1, column: 1 }.error("the document is empty"));
    }
    Ok(composer.items)
}

fn too_deep(depth_max: u32) -> String {
    format!("nested deeper than {depth_max} levels")
}

struct YamlComposer<'a> {
    items: Vec<YamlItem<'a>>,
    /// Indices of the open containers, outermost first.
    open: Vec<usize>,
    /// Index of the item of each anchor, by the number that the parser assigned.
    anchors: Vec<usize>,
    documents: u32,
    depth_max: u32,
}

impl<'a> YamlComposer<'a> {
    fn compose_event(&mut self, event: Event<'a>, position: YamlPosition) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(position
                        .error("a second document starts here; a file must hold one document"));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.note_anchor(anchor);
                let tag = tag
                    .and_then(|tag| scalar_tag(&tag, position).transpose())
                    .transpose()?;
                let plain = style == ScalarStyle::Plain;
                self.items.push(YamlItem {
                    position,
                    content: YamlContent::Scalar { text, plain, tag },
                });
            }
            Event::SequenceStart(anchor, tag) => {
                check_container_tag(tag.as_deref(), "seq", position)?;
                self.open(anchor, YamlContent::Sequence { past: usize::MAX }, position)?;
            }
            Event::MappingStart(anchor, tag) => {
                check_container_tag(tag.as_deref(), "map", position)?;
                self.open(anchor, YamlContent::Mapping { past: usize::MAX }, position)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let target = self.alias_target(anchor, position)?;
                self.items.push(YamlItem {
                    position,
                    content: YamlContent::Alias(target),
                });
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        anchor: usize,
        content: YamlContent<'a>,
        position: YamlPosition,
    ) -> Result<(), YamlError> {
        if self.open.len() >= self.depth_max as usize {
            return Err(position.error(too_deep(self.depth_max)));
        }
        self.note_anchor(anchor);
        self.open.push(self.items.len());
        self.items.push(YamlItem { position, content });
        Ok(())
    }

    fn close(&mut self) {
        let end = self.items.len();
        let container = self.open.pop().and_then(|at| self.items.get_mut(at));
        if let Some(YamlItem {
            content: YamlContent::Sequence { past } | YamlContent::Mapping { past },
            ..
        }) = container
        {
            *past = end;
        }
    }

    /// Records that the next item has this anchor. 0 means no anchor.
    fn note_anchor(&mut self, anchor: usize) {
        if anchor > 0 {
            // The parser numbers anchors in document order, so this grows by one at a time.
            self.anchors
                .resize(self.anchors.len().max(anchor + 1), usize::MAX);
            self.anchors[anchor] = self.items.len();
        }
    }

    fn alias_target(&self, anchor: usize, position: YamlPosition) -> Result<usize, YamlError> {
        let target = self
            .anchors
            .get(anchor)
            .copied()
            .filter(|&at| at < self.items.len());
        let target = target.ok_or_else(|| position.error("an alias without an anchor"))?;
        if self.open.contains(&target) {
            return Err(position.error("an alias to a value that contains it"));
        }
        Ok(target)
    }
}

/// The core-schema tag of a scalar. The non-specific tag `!` means a string (YAML 1.2.2 section
/// 6.9.1).
fn scalar_tag(tag: &Tag, position: YamlPosition) -> Result<Option<ScalarTag>, YamlError> {
    if tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty() {
        return Ok(Some(ScalarTag::Str));
    }
    let known = match core_name(tag) {
        Some("str") => Some(ScalarTag::Str),
        Some("int") => Some(ScalarTag::Int),
        Some("float") => Some(ScalarTag::Float),
        Some("bool") => Some(ScalarTag::Bool),
        Some("null") => Some(ScalarTag::Null),
        Some("merge") => Some(ScalarTag::Merge),
        _ => None,
    };
    known.map(Some).ok_or_else(|| unknown_tag(tag, position))
}

fn check_container_tag(
    tag: Option<&Tag>,
    name: &str,
    position: YamlPosition,
) -> Result<(), YamlError> {
    match tag {
        Some(tag) if core_name(tag) != Some(name) => Err(unknown_tag(tag, position)),
        _ => Ok(()),
    }
}

/// The name of a tag that YAML itself defines: `!!str`, or verbatim `!<tag:yaml.org,2002:str>`.
fn core_name(tag: &Tag) -> Option<&str> {
    const VERBATIM: &str = "tag:yaml.org,2002:";
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    tag.suffix
        .strip_prefix(VERBATIM)
        .filter(|_| tag.handle.is_empty())
}

fn unknown_tag(tag: &Tag, position: YamlPosition) -> YamlError {
    let name = match core_name(tag) {
        Some(name) => format!("!!{name}"),
        None => format!("{}{}", tag.handle, tag.suffix),
    };
    position.error(format!("the tag `{name}` is not supported"))
}
