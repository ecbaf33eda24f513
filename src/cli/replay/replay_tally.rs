//! What a replay came to, as numbers: by operation and class, with a few examples.

use portcullis_vocabulary::enforcement::ViolationClass;

use super::verdict_line::RecordPosition;

/// The most examples that are kept of a class.
const EXAMPLES_MAX: usize = 3;

/// The sum of all verdicts.
#[derive(Debug)]
pub(super) struct ReplayTally {
    pub(super) exchanges: u64,
    pub(super) violating: u64,
    pub(super) unreadable: u64,
    /// By operation; requests to none come last.
    pub(super) operations: Vec<OperationCounts>,
    /// By class.
    pub(super) examples: [Vec<ViolationExample>; ViolationClass::COUNT],
}

/// The exchanges of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OperationCounts {
    pub(super) exchanges: u64,
    pub(super) violating: u64,
    /// How many exchanges have a violation of each class.
    pub(super) classes: [u64; ViolationClass::COUNT],
}

/// One violation that stands for others of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ViolationExample {
    /// Source and line.
    pub(super) place: String,
    /// The operation's name, or method and path where there is none.
    pub(super) operation: String,
    /// What is wrong.
    pub(super) sentence: String,
    /// What would have been right, and where the contract says so.
    pub(super) advice: String,
}

impl ReplayTally {
    /// Nothing yet, for a contract of so many operations.
    pub(super) fn new(operations: usize) -> Self {
        Self {
            exchanges: 0,
            violating: 0,
            unreadable: 0,
            operations: vec![OperationCounts::default(); operations + 1],
            examples: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// Counts an exchange with the classes of its violations, one for each violation.
    pub(super) fn add(
        &mut self,
        operation: Option<u32>,
        is_violating: bool,
        classes: impl Iterator<Item = ViolationClass>,
    ) {
        let none = self.operations.len() - 1;
        let counts = &mut self.operations[operation.map_or(none, |operation| operation as usize)];
        self.exchanges += 1;
        counts.exchanges += 1;
        self.violating += u64::from(is_violating);
        counts.violating += u64::from(is_violating);
        let mut seen = [false; ViolationClass::COUNT];
        for class in classes {
            if !std::mem::replace(&mut seen[class.index()], true) {
                counts.classes[class.index()] += 1;
            }
        }
    }

    /// Keeps an example of a class while there are few: one of each place, because the others
    /// there say much the same.
    pub(super) fn keep(
        &mut self,
        class: ViolationClass,
        place: RecordPosition<'_>,
        make: impl FnOnce(String) -> ViolationExample,
    ) {
        let examples = &mut self.examples[class.index()];
        if examples.len() == EXAMPLES_MAX {
            return;
        }
        let place = place.text();
        if examples.last().is_none_or(|last| last.place != place) {
            examples.push(make(place));
        }
    }

    /// How many exchanges have a violation of a class.
    pub(super) fn of_class(&self, class: ViolationClass) -> u64 {
        let operations = self.operations.iter();
        operations.map(|counts| counts.classes[class.index()]).sum()
    }
}

impl RecordPosition<'_> {
    /// `file:line`.
    pub(super) fn text(self) -> String {
        format!("{}:{}", self.source, self.line)
    }
}
