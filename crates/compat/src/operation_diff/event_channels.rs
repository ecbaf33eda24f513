//! Compares the channels of AsyncAPI contracts, and matches their operations.
//!
//! Channels match by name, else by the address or topic at which brokers know them: AsyncAPI 2 names
//! channels by their address, AsyncAPI 3 need not. A channel without operations is one that others
//! send to and receive from, so it matches operations of either action.

use portcullis_contract::{
    CompiledContract, DocumentSet, EventAction, EventChannel, EventContract, NodeRef,
};

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeSubject, path_shape};
use super::contract_comparison::{ChangeDetails, ChangeScope, ContractComparison};
use super::event_messages::{EVENT, EventGroups};

impl ContractComparison<'_> {
    /// Reports that one contract is OpenAPI and the other AsyncAPI, so nothing can be compared.
    pub(crate) fn other_kind(&mut self) {
        let kind = |contract: &CompiledContract| match contract.events() {
            Some(_) => "AsyncAPI",
            None => "OpenAPI",
        };
        let scope = ChangeScope {
            subject: ChangeSubject::Contract.into(),
            is_outbound: false,
        };
        let roots = (
            self.old.documents().entry_ref(),
            self.new.documents().entry_ref(),
        );
        let change = ChangeDetails::default().between(roots.0, roots.1);
        let change = change.from(kind(self.old)).to(kind(self.new));
        self.push("contract.kind.changed", &scope, None, change);
    }

    /// Compares the channels of two AsyncAPI contracts and their messages.
    pub(crate) fn events(&mut self) {
        let (Some(old), Some(new)) = (self.old.events(), self.new.events()) else {
            return;
        };
        let pairs = channel_pairs(old, new);
        for (number, channel) in old.channels.iter().enumerate() {
            match pairs.iter().find(|(before, _)| *before == number) {
                Some((_, other)) => self.channel_pair(old, new, [number, *other]),
                None => {
                    let change = ChangeDetails::default().between(
                        channel_node(self.old, channel),
                        self.new.documents().entry_ref(),
                    );
                    self.push("event.channel.removed", &of_channel(channel), None, change);
                }
            }
        }
        for (number, channel) in new.channels.iter().enumerate() {
            if pairs.iter().any(|(_, after)| *after == number) {
                continue;
            }
            let place = channel_node(self.new, channel);
            let change = || ChangeDetails::default().between(None, place);
            self.push("event.channel.added", &of_channel(channel), None, change());
            let is_sent = new.group(number, EventAction::Send).next().is_some();
            if is_sent && channel.squad_id_key.is_none() {
                let scope = of_channel(channel);
                self.push("event.squad-id-key.missing", &scope, None, change());
            }
        }
    }

    fn channel_pair(&mut self, old: &EventContract, new: &EventContract, numbers: [usize; 2]) {
        let (before, after) = (&old.channels[numbers[0]], &new.channels[numbers[1]]);
        self.channel_facts(before, after);
        let groups = |action: EventAction| {
            let of = |contract: &EventContract, channel: usize| -> (EventAction, Vec<usize>) {
                let numbers = |action| contract.group(channel, action).map(|(number, _)| number);
                let undirected: Vec<usize> = numbers(EventAction::Undirected).collect();
                match undirected[..] {
                    [] => (action, numbers(action).collect()),
                    [..] => (EventAction::Undirected, undirected),
                }
            };
            (of(old, numbers[0]), of(new, numbers[1]))
        };
        let mut is_undirected_done = false;
        for action in [EventAction::Send, EventAction::Receive] {
            self.operation_facts(old, new, [before, after], numbers, action);
            let ((old_action, old_messages), (new_action, new_messages)) = groups(action);
            let is_undirected = [old_action, new_action] == [EventAction::Undirected; 2];
            if is_undirected && std::mem::replace(&mut is_undirected_done, true) {
                continue;
            }
            let groups = EventGroups {
                channel: &before.name,
                channels: numbers,
                action: if is_undirected { old_action } else { action },
                actions: [old_action, new_action],
                old: old_messages,
                new: new_messages,
            };
            if !groups.old.is_empty() && !groups.new.is_empty() {
                self.event_groups(&groups);
            }
        }
    }

    /// Reports that the application begins or ceases to use a channel, and that it begins or ceases to
    /// declare answers there. A channel without operations is used by others.
    fn operation_facts(
        &mut self,
        old: &EventContract,
        new: &EventContract,
        [before, after]: [&EventChannel; 2],
        numbers: [usize; 2],
        action: EventAction,
    ) {
        let of = |contract: &EventContract, channel: usize| {
            let operations = contract.operations_of(channel, action);
            operations
                .map(|one| one.has_reply)
                .reduce(|one, other| one || other)
        };
        let (rule, direction) = match (of(old, numbers[0]), of(new, numbers[1])) {
            (Some(_), None) => ("event.operation.removed", None),
            (None, Some(_)) => ("event.operation.added", None),
            (Some(true), Some(false)) => ("event.reply.removed", EVENT),
            (Some(false), Some(true)) => ("event.reply.added", EVENT),
            (None, None) | (Some(true), Some(true)) | (Some(false), Some(false)) => return,
        };
        let subject = ChangeSubject::Event {
            channel: before.name.to_string(),
            action: Some(action),
            message: None,
        };
        let scope = ChangeScope {
            subject: subject.into(),
            is_outbound: action == EventAction::Send,
        };
        let change = self.between_channels(before, after);
        self.push(rule, &scope, direction, change);
    }

    fn between_channels(&self, before: &EventChannel, after: &EventChannel) -> ChangeDetails {
        let places = (
            channel_node(self.old, before),
            channel_node(self.new, after),
        );
        ChangeDetails::default().between(places.0, places.1)
    }

    /// Compares everything about a channel except its messages.
    fn channel_facts(&mut self, before: &EventChannel, after: &EventChannel) {
        let scope = of_channel(before);
        let change = |this: &Self| this.between_channels(before, after);
        let is_moved = |one: &str, other: &str| path_shape(one) != path_shape(other);
        match (&before.address, &after.address) {
            (Some(old), Some(new)) if is_moved(old, new) => {
                let change = change(self).from(old).to(new);
                self.push("event.address.changed", &scope, None, change);
            }
            (Some(old), None) => {
                let change = change(self).from(old).to("none");
                self.push("event.address.changed", &scope, None, change);
                let reason = "the address is known at run time only";
                self.set_unknown(reason);
            }
            (None, Some(new)) => {
                let change = change(self).from("none").to(new);
                self.push("event.address.changed", &scope, None, change);
                self.set_level(ChangeLevel::Info, ChangeCertainty::Rule);
            }
            _ => {}
        }
        let (old, new) = (before.topic.as_deref(), after.topic.as_deref());
        if old != new && is_moved(before.destination(), after.destination()) {
            let text = |channel: &EventChannel| channel.destination().to_owned();
            let change = change(self).from(text(before)).to(text(after));
            self.push("event.topic.changed", &scope, None, change);
        }
        if let (Some(old), Some(new)) = (before.partitions, after.partitions)
            && old != new
        {
            let change = change(self).from(old).to(new);
            self.push("event.partitions.changed", &scope, None, change);
        }
        match (&before.squad_id_key, &after.squad_id_key) {
            (None, Some(new)) => {
                let change = change(self).to(new);
                self.push("event.squad-id-key.added", &scope, None, change);
            }
            (Some(old), None) => {
                let change = change(self).from(old);
                self.push("event.squad-id-key.removed", &scope, None, change);
            }
            (Some(old), Some(new)) if old != new => {
                let change = change(self).from(old).to(new);
                self.push("event.squad-id-key.changed", &scope, None, change);
            }
            _ => {}
        }
    }
}

/// The channels of both contracts that are the same one.
fn channel_pairs(old: &EventContract, new: &EventContract) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let is_same: [fn(&EventChannel, &EventChannel) -> bool; 2] = [
        |one, other| one.name == other.name,
        |one, other| path_shape(one.destination()) == path_shape(other.destination()),
    ];
    for is_same in is_same {
        for (number, channel) in old.channels.iter().enumerate() {
            if pairs.iter().any(|(before, _)| *before == number) {
                continue;
            }
            let mut others = new.channels.iter().enumerate();
            let other = others.find(|(other, after)| {
                is_same(channel, after) && pairs.iter().all(|(_, taken)| taken != other)
            });
            pairs.extend(other.map(|(other, _)| (number, other)));
        }
    }
    pairs
}

fn of_channel(channel: &EventChannel) -> ChangeScope {
    let subject = ChangeSubject::Event {
        channel: channel.name.to_string(),
        action: None,
        message: None,
    };
    ChangeScope {
        subject: subject.into(),
        is_outbound: false,
    }
}

/// The channel in the entry document.
fn channel_node(contract: &CompiledContract, channel: &EventChannel) -> Option<NodeRef> {
    let documents = contract.documents();
    let entry = documents.entry_ref();
    let channels = documents.node(entry).get("channels")?;
    let node = channels.get(&channel.name)?;
    Some(DocumentSet::node_ref(entry, node))
}
