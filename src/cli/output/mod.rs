//! Output that all commands share: standard output and its colours, escaping, text layout.

mod output_args;
mod report_writer;
mod escaping;
mod text_layout;
mod text_table;
mod data_format;

pub(super) use data_format::DataFormat;
pub(super) use escaping::{
    escape_annotation, escape_annotation_property, escape_line, escape_markdown, escape_xml,
    markdown_code, markdown_prose,
};
pub(super) use output_args::OutputArgs;
pub(super) use report_writer::{ReportWriter, TextStyle, print_error};
pub(super) use text_layout::{
    counted, one_line, print_json, print_more, shorten, text_width, whole_seconds, wrap,
};
pub(super) use text_table::TextTable;

#[cfg(test)]
pub(super) use report_writer::tests::printed;
