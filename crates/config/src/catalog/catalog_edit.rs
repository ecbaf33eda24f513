//! Edits the text of a catalog where a service moves, and leaves everything else as it is written:
//! comments, order, quotes and line breaks.
//!
//! An edit finds a value by the spans of the parser and changes only its bytes. Forms that it does not
//! know are refused, and the caller reads the result again and compares it with what it should mean.

use std::ops::Range;

use portcullis_vocabulary::{PathPattern, ServiceTransfer, SquadName};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One change of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogTextEdit {
    /// A service is listed by another squad.
    MoveService {
        /// The service.
        service: String,
        /// The squad that lists it.
        from: SquadName,
        /// The squad that will list it.
        to: SquadName,
    },
    /// A pattern of `paths` or `public` is listed by another squad.
    MovePattern {
        /// The list.
        key: &'static str,
        /// The pattern.
        pattern: PathPattern,
        /// The squad that lists it.
        from: SquadName,
        /// The squad that will list it.
        to: SquadName,
    },
    /// A squad owns one more pattern of paths.
    AddPath {
        /// The pattern.
        pattern: PathPattern,
        /// The squad.
        to: SquadName,
    },
    /// A shared resource has another owner.
    SetResourceOwner {
        /// The resource.
        resource: String,
        /// The new owner.
        to: SquadName,
    },
    /// A service moves, with a time in which both squads can act.
    AddTransfer(ServiceTransfer),
}

/// A catalog whose text has a form that no edit knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot find {what} in the text of the catalog; make the change by hand")]
pub struct UnknownCatalogForm {
    what: String,
}

type TomlNode<'t> = Spanned<DeValue<'t>>;

/// The text of a catalog after these changes.
///
/// # Errors
/// [`UnknownCatalogForm`] if what changes cannot be found in the text.
pub fn edit_catalog(text: &str, edits: &[CatalogTextEdit]) -> Result<String, UnknownCatalogForm> {
    let mut text = text.to_owned();
    for edit in edits {
        text = apply(&text, edit)?;
    }
    Ok(text)
}

fn apply(text: &str, edit: &CatalogTextEdit) -> Result<String, UnknownCatalogForm> {
    match edit {
        CatalogTextEdit::MoveService { service, from, to } => {
            let is_service = |item: &str| item == service;
            move_item(text, "services", (from, to), is_service)
        }
        CatalogTextEdit::MovePattern {
            key,
            pattern,
            from,
            to,
        } => {
            let is_pattern = |item: &str| item.parse().as_ref() == Ok(pattern);
            move_item(text, key, (from, to), is_pattern)
        }
        CatalogTextEdit::AddPath { pattern, to } => {
            add_item(text, to, "paths", &format!("\"{pattern}\""))
        }
        CatalogTextEdit::SetResourceOwner { resource, to } => {
            let owner = resource_owner(text, resource)
                .ok_or_else(|| unknown(format!("the owner of the resource {resource}")))?;
            Ok(replaced(text, owner, &format!("\"{to}\"")))
        }
        CatalogTextEdit::AddTransfer(transfer) => Ok(with_transfer(text, transfer)),
    }
}

fn unknown(what: String) -> UnknownCatalogForm {
    UnknownCatalogForm { what }
}

/// Moves an item of a list to the list of another squad, as it is written.
fn move_item(
    text: &str,
    key: &str,
    (from, to): (&SquadName, &SquadName),
    is_item: impl Fn(&str) -> bool,
) -> Result<String, UnknownCatalogForm> {
    let missing = || unknown(format!("an item of `{key}` of {from}"));
    let root = parse(text).ok_or_else(missing)?;
    let items = list(&root, from, key).ok_or_else(missing)?;
    let is_item = |item: &TomlNode<'_>| item.get_ref().as_str().is_some_and(&is_item);
    let index = items.iter().position(is_item).ok_or_else(missing)?;
    let spans: Vec<Range<usize>> = items.iter().map(Spanned::span).collect();
    let written = text[spans[index].clone()].to_owned();
    let without = replaced(text, removed_range(text, &spans, index), "");
    add_item(&without, to, key, &written)
}

/// What to remove with an item of a list: its comma, and its line if it is alone on it.
fn removed_range(text: &str, spans: &[Range<usize>], index: usize) -> Range<usize> {
    let Range { start, end } = spans[index].clone();
    let comma = comma_after(text, end);
    let after = comma.map_or(end, |comma| comma + 1);
    let line = line_of(text, start);
    let rest = text[after..]
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start();
    if text[line.start..start].trim().is_empty() && (rest.is_empty() || rest.starts_with('#')) {
        return line.start..line_of(text, after).end;
    }
    if comma.is_some() {
        let blanks = text[after..].len() - text[after..].trim_start_matches([' ', '\t']).len();
        return start..after + blanks;
    }
    // The last item takes the comma before it along.
    match index.checked_sub(1).map(|before| spans[before].end) {
        Some(before) if !text[before..start].contains(['\n', '#']) => before..end,
        _ => start..end,
    }
}

/// Adds an item, as it is written, to a list of a squad. A squad without the list gets one.
fn add_item(
    text: &str,
    squad: &SquadName,
    key: &str,
    written: &str,
) -> Result<String, UnknownCatalogForm> {
    let missing = || unknown(format!("the table of the squad {squad}"));
    let root = parse(text).ok_or_else(missing)?;
    let table = table_of(&root, squad).ok_or_else(missing)?;
    let Some(node) = table.get(key) else {
        let line = last_value_line(text, table).or_else(|| header_line(text, squad));
        let line = line.ok_or_else(missing)?;
        let break_before = if text[..line].ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let entry = format!("{break_before}{key} = [{written}]\n");
        return Ok(replaced(text, line..line, &entry));
    };
    let items = node.get_ref().as_array().ok_or_else(missing)?;
    let Some(last) = items.last().map(Spanned::span) else {
        let inside = node.span().start + 1;
        return Ok(replaced(text, inside..inside, written));
    };
    let line = line_of(text, last.start);
    let indent = &text[line.start..last.start];
    if !indent.trim().is_empty() || line.start <= node.span().start {
        return Ok(replaced(text, last.end..last.end, &format!(", {written}")));
    }
    // One item on each line: the new one gets a line of its own after the last one.
    let comma = comma_after(text, last.end);
    let line_end = line_of(text, comma.unwrap_or(last.end)).end;
    let entry = format!("{indent}{written},\n");
    let text_with_line = replaced(text, line_end..line_end, &entry);
    Ok(match comma {
        Some(_) => text_with_line,
        None => replaced(&text_with_line, last.end..last.end, ","),
    })
}

/// The span of the owner of a resource.
fn resource_owner(text: &str, name: &str) -> Option<Range<usize>> {
    let root = parse(text)?;
    let resources = root.get("resources")?.get_ref().as_array()?;
    let mut tables = resources.iter().filter_map(|one| one.get_ref().as_table());
    let table = tables.find(|table| {
        let named = table.get("name");
        named.and_then(|node| node.get_ref().as_str()) == Some(name)
    })?;
    Some(table.get("owner")?.span())
}

fn with_transfer(text: &str, transfer: &ServiceTransfer) -> String {
    let ServiceTransfer {
        service,
        from,
        to,
        until,
    } = transfer;
    let end = if text.ends_with('\n') { "\n" } else { "\n\n" };
    format!(
        "{text}{end}[[transfers]]\nservice = {service:?}\nfrom = \"{from}\"\nto = \"{to}\"\n\
         until = \"{until}\"\n"
    )
}

fn parse(text: &str) -> Option<DeTable<'_>> {
    DeTable::parse(text).ok().map(Spanned::into_inner)
}

fn table_of<'t, 'r>(root: &'r DeTable<'t>, squad: &SquadName) -> Option<&'r DeTable<'t>> {
    let squads = root.get("squads")?.get_ref().as_table()?;
    squads.get(squad.as_str())?.get_ref().as_table()
}

fn list<'t, 'r>(root: &'r DeTable<'t>, squad: &SquadName, key: &str) -> Option<&'r [TomlNode<'t>]> {
    Some(table_of(root, squad)?.get(key)?.get_ref().as_array()?)
}

/// The end of the line of the last value of a table, without values that are tables.
fn last_value_line(text: &str, table: &DeTable<'_>) -> Option<usize> {
    let values = table
        .values()
        .filter(|value| value.get_ref().as_table().is_none());
    let last = values.map(|value| value.span().end).max()?;
    Some(line_of(text, last).end)
}

/// The end of the line that begins the table of a squad.
fn header_line(text: &str, squad: &SquadName) -> Option<usize> {
    let headers = [format!("[squads.{squad}]"), format!("[squads.\"{squad}\"]")];
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if headers
            .iter()
            .any(|header| line.trim_start().starts_with(header))
        {
            return Some(end);
        }
        start = end;
    }
    None
}

/// The comma after a value, behind blanks and comments.
fn comma_after(text: &str, end: usize) -> Option<usize> {
    let mut is_comment = false;
    for (at, byte) in text.bytes().enumerate().skip(end) {
        match byte {
            b'\n' => is_comment = false,
            _ if is_comment => {}
            b'#' => is_comment = true,
            b',' => return Some(at),
            b' ' | b'\t' | b'\r' => {}
            _ => return None,
        }
    }
    None
}

/// The line that contains an offset, with its line break.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |found| at + found + 1);
    start..end
}

fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(range, with);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SquadName {
        text.parse().unwrap()
    }

    fn moved(text: &str) -> Result<String, UnknownCatalogForm> {
        let edit = CatalogTextEdit::MoveService {
            service: "orders".to_owned(),
            from: name("a"),
            to: name("b"),
        };
        edit_catalog(text, &[edit])
    }

    #[test]
    fn moves_an_item_and_keeps_the_rest_as_it_is() {
        let check = |before: &str, after: &str| assert_eq!(moved(before).as_deref(), Ok(after));
        check(
            "[squads.a] # first\nservices = [\"orders\", 'ledger'] # two\n[squads.b]\nservices = [\"x\"]\n",
            "[squads.a] # first\nservices = ['ledger'] # two\n[squads.b]\nservices = [\"x\", \"orders\"]\n",
        );
        check(
            "[squads.a]\nservices = [\"ledger\", 'orders']\n\n[squads.b]\ntier = \"gold\" # high\n[squads.b.deploy]\n",
            "[squads.a]\nservices = [\"ledger\"]\n\n[squads.b]\ntier = \"gold\" # high\nservices = ['orders']\n[squads.b.deploy]\n",
        );
        check(
            "[squads.a]\nservices = [\n  # first\n  \"orders\", # old\n  \"ledger\", # kept\n]\n[squads.b]\nservices = [\n  \"x\" # its\n]\n",
            "[squads.a]\nservices = [\n  # first\n  \"ledger\", # kept\n]\n[squads.b]\nservices = [\n  \"x\", # its\n  \"orders\",\n]\n",
        );
        check(
            "[squads.a]\nservices = [\"orders\"]\n[squads.b]",
            "[squads.a]\nservices = []\n[squads.b]\nservices = [\"orders\"]\n",
        );
        check(
            "[squads.b]\nservices = []\n[squads.a]\nservices = [\"x\", \"orders\",]\n",
            "[squads.b]\nservices = [\"orders\"]\n[squads.a]\nservices = [\"x\", ]\n",
        );
    }

    #[test]
    fn refuses_what_it_cannot_find() {
        for text in [
            "[squads.a]\nservices = [\"ledger\"]\n[squads.b]\n",
            "[squads]\na = { services = [\"orders\"] }\n",
            "[squads.a]\nservices = [\"orders\"]\n",
            "not toml",
        ] {
            assert!(moved(text).is_err(), "{text}");
        }
    }

    #[test]
    fn changes_owners_and_adds_entries() {
        let text = "[squads.a]\n[squads.b]\n[[resources]]\nname = \"db\"\nowner = 'a' # who\n";
        let edits = [
            CatalogTextEdit::SetResourceOwner {
                resource: "db".to_owned(),
                to: name("b"),
            },
            CatalogTextEdit::AddPath {
                pattern: "services/orders/**".parse().unwrap(),
                to: name("b"),
            },
        ];
        let expected = "[squads.a]\n[squads.b]\npaths = [\"services/orders/**\"]\n[[resources]]\n\
                        name = \"db\"\nowner = \"b\" # who\n";
        assert_eq!(edit_catalog(text, &edits).as_deref(), Ok(expected));
    }
}
