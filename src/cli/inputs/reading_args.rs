//! The argument that says how a contract with flaws is read.

use clap::{Args as Flags, ValueEnum};

use portcullis_contract::{ContractProblem, tolerant_reading_advice};
use portcullis_vocabulary::ContractReading;

/// How a contract with flaws is read.
#[derive(Clone, Copy, Debug, Default, Flags)]
pub(crate) struct ReadingArgs {
    /// How a contract with flaws is read; `contract_reading` of a service is the same
    #[arg(long = "reading", value_enum, default_value_t, value_name = "READING")]
    reading: ReadingName,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ReadingName {
    /// Refuse it
    #[default]
    Strict,
    /// Repair the flaws that have a documented repair, each with a warning
    Tolerant,
}

impl ReadingArgs {
    /// The reading.
    pub(crate) fn reading(self) -> ContractReading {
        match self.reading {
            ReadingName::Strict => ContractReading::Strict,
            ReadingName::Tolerant => ContractReading::Tolerant,
        }
    }
}

/// How to read a refused contract, if the tolerant reading repairs any of its errors.
pub(crate) fn reading_advice(problems: &[ContractProblem]) -> Option<String> {
    let switch = "`--reading tolerant` (in the configuration: `contract_reading = \"tolerant\"`)";
    tolerant_reading_advice(problems, switch)
}
