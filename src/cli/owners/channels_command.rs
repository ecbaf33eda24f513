//! `portcullis owners channels`: which squads send and receive the events of each channel.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use portcullis_config::load_catalog_file;
use portcullis_contract::{
    BrokenPartPolicy, CompiledContract, ContractIdentity, EventAction, EventMessage,
};
use portcullis_vocabulary::limits::Limits;
use portcullis_vocabulary::{Catalog, ContractReading};

use super::channels_args::{ChannelsArgs, ChannelsFormat};
use super::owners_error::OwnersError;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{KnownNames, compile_contract, find_contracts};
use crate::cli::output::{ReportWriter, TextStyle, print_error, print_json};
use crate::cli::run_error::RunError;

/// What one contract does on a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ChannelUse {
    /// `send`, `receive`, or `exchange` if the contract does not say which.
    action: &'static str,
    /// The squad; `None` if the contract has none.
    squad: Option<String>,
    /// The messages.
    messages: BTreeSet<String>,
    /// The contract.
    file: String,
}

/// A channel with everything that contracts do on it.
#[derive(Clone, Debug, Serialize)]
struct UsedChannel {
    /// The name by which brokers know it.
    channel: String,
    uses: Vec<ChannelUse>,
}

/// The list of channels.
#[derive(Clone, Debug, Serialize)]
struct ChannelList {
    channels: Vec<UsedChannel>,
}

/// Prints the squads of each channel.
pub(super) fn print_channels(
    args: &ChannelsArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let catalog = args.catalog.as_deref().map(load_catalog_file).transpose();
    let catalog = catalog.map_err(OwnersError::Catalog)?;
    let mut channels: BTreeMap<String, Vec<ChannelUse>> = BTreeMap::new();
    let mut is_complete = true;
    for path in &files(&args.contracts)? {
        let contract = compiled(args, path)?;
        let Some(contract) = contract else {
            continue;
        };
        for (channel, used) in channel_uses(&contract, &path.display().to_string()) {
            is_complete &= has_squad(&used, catalog.as_ref().map(|file| &file.catalog));
            channels.entry(channel).or_default().push(used);
        }
    }
    let channels = channels.into_iter().map(|(channel, mut uses)| {
        uses.sort();
        UsedChannel { channel, uses }
    });
    let list = ChannelList {
        channels: channels.collect(),
    };
    match args.format {
        ChannelsFormat::Json => print_json(out, &list),
        ChannelsFormat::Text => list.channels.iter().for_each(|one| print_channel(out, one)),
    }
    out.finish()?;
    Ok(CommandOutcome::finding_unless(is_complete))
}

/// The files that are named, and those of named directories.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, RunError> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            found.extend(find_contracts(path)?);
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// The contract of events in a file. `None` for one of HTTP.
fn compiled(args: &ChannelsArgs, path: &Path) -> Result<Option<CompiledContract>, RunError> {
    let root = args.references.root();
    let documents = root.load(path, &Limits::default())?;
    if documents.entry().written_root().get("asyncapi").is_none() {
        return Ok(None);
    }
    let rules = (BrokenPartPolicy::Refuse, ContractReading::Strict);
    compile_contract(documents, &path.display().to_string(), rules).map(Some)
}

/// What a contract does on its channels: each action of each squad once.
fn channel_uses(contract: &CompiledContract, file: &str) -> Vec<(String, ChannelUse)> {
    let Some(events) = contract.events() else {
        return Vec::new();
    };
    let own = ContractIdentity::of(contract.documents()).provider;
    let mut found: BTreeMap<(usize, EventAction, Option<String>), BTreeSet<String>> =
        BTreeMap::new();
    for message in &events.messages {
        let EventMessage {
            channel, action, ..
        } = message;
        // A channel names the squad that provides its messages, which is not the one that receives them.
        let squad = match action {
            EventAction::Send => message.provider.as_ref().or(own.as_ref()),
            EventAction::Receive | EventAction::Undirected => own.as_ref(),
        };
        let squad = squad.map(|squad| squad.to_string());
        let messages = found.entry((*channel, *action, squad)).or_default();
        messages.insert(message.name.to_string());
    }
    let uses = found
        .into_iter()
        .map(|((channel, action, squad), messages)| {
            let used = ChannelUse {
                action: action.as_str(),
                squad,
                messages,
                file: file.to_owned(),
            };
            (events.channels[channel].destination().to_owned(), used)
        });
    uses.collect()
}

/// Whether a squad of the catalog uses the channel. Says what is wrong.
fn has_squad(used: &ChannelUse, catalog: Option<&Catalog>) -> bool {
    let file = &used.file;
    let Some(squad) = &used.squad else {
        print_error(&format!("{file}: no squad: add `x-squad-owner` to `info`"));
        return false;
    };
    let Some(catalog) = catalog.filter(|catalog| catalog.find(squad).is_none()) else {
        return true;
    };
    let names = catalog.squads().iter().map(|squad| squad.name.as_str());
    let known = KnownNames::instead_of(squad, names);
    print_error(&format!(
        "{file}: no squad of the catalog is called `{squad}`{known}"
    ));
    false
}

fn print_channel(out: &mut ReportWriter, channel: &UsedChannel) {
    let title = out.paint(TextStyle::Bold, &channel.channel).to_string();
    out.line(title);
    for used in &channel.uses {
        let verb = match used.action {
            "send" => "sends",
            "receive" => "receives",
            _ => "uses",
        };
        let squad = used.squad.as_deref().unwrap_or("(no squad)");
        let messages = used.messages.iter().map(String::as_str);
        let messages = messages.collect::<Vec<_>>().join(", ");
        out.line(format_args!("  {squad} {verb} {messages}  ({})", used.file));
    }
    let does = |action: &str| channel.uses.iter().any(|used| used.action == action);
    if !does("exchange") {
        for (action, text) in [("send", "sends to"), ("receive", "receives from")] {
            if !does(action) {
                out.line(format_args!("  no contract {text} this channel"));
            }
        }
    }
}
