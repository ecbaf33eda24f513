//! `docs/cli.md`: every command with its arguments, options and examples.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command, CommandFactory};
use portcullis::cli::CliArgs;

use super::{assert_page, cell};

const BEGINNING: &str = "\
# Command line

Exit codes of every command: 0 no findings, 1 findings, 2 could not run. Data goes to standard \
output, everything else to standard error. A file name `-` means standard input. Colour is used on \
a terminal; `NO_COLOR` turns it off. Every command has `--color auto|always|never`, and `-q` \
(`--quiet`), which prints nothing but errors.

This page is generated; see [CONTRIBUTING.md](../CONTRIBUTING.md#how-the-tests-are-organised).
";

fn page() -> String {
    let mut root = CliArgs::command();
    root.build();
    let commands = commands(&root);
    let mut page = BEGINNING.to_owned();
    page.push_str("\n| command | purpose |\n|---|---|\n");
    for command in &commands {
        let name = name(command);
        let anchor = name.replace(' ', "-");
        let about = about(command);
        writeln!(page, "| [`{name}`](#{anchor}) | {} |", cell(&about)).unwrap();
    }
    for command in &commands {
        section(&mut page, command);
    }
    page
}

/// All commands below one, each before those below it.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands();
    let below = below.filter(|command| command.get_name() != "help" && !command.is_hide_set());
    below
        .flat_map(|command| [vec![command], commands(command)].concat())
        .collect()
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap()
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn section(page: &mut String, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let usage = usage.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let (name, about) = (name(command), about(command));
    writeln!(page, "\n## {name}\n\n{about}.\n\n```text\n{usage}\n```").unwrap();
    let shown = command
        .get_arguments()
        .filter(|arg| !is_help(arg) && !arg.is_hide_set() && !arg.is_global_set());
    let (positional, options): (Vec<_>, Vec<_>) = shown.partition(|arg| arg.is_positional());
    table(page, "argument", &positional);
    table(page, "option", &options);
    if let Some(after) = command.get_after_help() {
        let after = after.to_string();
        writeln!(page, "\n```text\n{}\n```", after.trim_end()).unwrap();
    }
}

fn is_help(arg: &Arg) -> bool {
    matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    )
}

fn table(page: &mut String, head: &str, args: &[&Arg]) {
    if args.is_empty() {
        return;
    }
    writeln!(page, "\n| {head} | meaning | default |\n|---|---|---|").unwrap();
    for arg in args {
        let (meaning, default) = meaning(arg);
        let (form, meaning) = (cell(&form(arg)), cell(&meaning));
        writeln!(page, "| `{form}` | {meaning} | {default} |").unwrap();
    }
}

fn form(arg: &Arg) -> String {
    let takes_value = arg.get_action().takes_values();
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.join(" ");
    if arg.is_positional() {
        return value;
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flag = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    if takes_value {
        format!("{flag} {value}")
    } else {
        flag
    }
}

/// The meaning and the default of an argument: from clap, or from the end of its help.
fn meaning(arg: &Arg) -> (String, String) {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (mut meaning, mut default) = match help.rsplit_once("[default: ") {
        Some((meaning, default)) => (meaning.trim_end().to_owned(), default.replace(']', "")),
        None => (help, String::new()),
    };
    let values = arg.get_possible_values();
    if arg.get_action().takes_values() && !values.is_empty() {
        let names = values.iter().map(|value| {
            let name = format!("`{}`", value.get_name());
            let help = value.get_help().map(ToString::to_string);
            match help {
                Some(help) => format!("{name} ({})", help.trim_end_matches('.')),
                None => name,
            }
        });
        let names = names.collect::<Vec<_>>().join(", ");
        write!(meaning, ": {names}").unwrap();
    }
    if arg.is_required_set() {
        meaning.push_str(" (required)");
    }
    for value in arg.get_default_values() {
        write!(default, "`{}`", value.to_string_lossy()).unwrap();
    }
    (meaning, default)
}

#[test]
fn the_cli_page_matches_the_program() {
    assert_page("docs/cli.md", &page());
}
