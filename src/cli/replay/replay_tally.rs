//! The counts of a replay by operation and violation class, with a few examples.

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
    /// Bodies that the recordings do not contain.
    pub(super) bodies_missing: u64,
    /// By operation. The last entry is for requests that match no operation.
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

/// An example of a violation class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ViolationExample {
    /// `file:line` of the record.
    pub(super) place: String,
    /// The name of the operation, or method and path if the request matches none.
    pub(super) operation: String,
    /// What is wrong.
    pub(super) sentence: String,
    /// What was expected, and where the contract declares it.
    pub(super) advice: String,
}

impl ReplayTally {
    /// An empty tally for a contract with this number of operations.
    pub(super) fn new(operations: usize) -> Self {
        Self {
            exchanges: 0,
            violating: 0,
            unreadable: 0,
            bodies_missing: 0,
            operations: vec![OperationCounts::default(); operations + 1],
            examples: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// Counts an exchange. `classes` has one entry for each violation.
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

    /// Keeps an example of a class up to the maximum. Further violations of the same record are
    /// skipped, because they are usually similar.
    pub(super) fn keep(
        &mut self,
        class: ViolationClass,
        position: RecordPosition<'_>,
        make: impl FnOnce(String) -> ViolationExample,
    ) {
        let examples = &mut self.examples[class.index()];
        if examples.len() == EXAMPLES_MAX {
            return;
        }
        let place = position.text();
        if examples.last().is_none_or(|last| last.place != place) {
            examples.push(make(place));
        }
    }

    /// How many exchanges have a violation of this class.
    pub(super) fn of_class(&self, class: ViolationClass) -> u64 {
        let operations = self.operations.iter();
        operations.map(|counts| counts.classes[class.index()]).sum()
    }
}
