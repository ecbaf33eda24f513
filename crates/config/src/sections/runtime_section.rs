//! `[runtime]`: how many threads serve requests.

use portcullis_vocabulary::limits::DATA_CORES_MAX;

use crate::tree::ConfigSection;
use crate::tree::config_value::count;

/// The threads of the data plane, section `[runtime]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// How many threads serve requests; 0 means one for each CPU.
    pub data_cores: usize,
}

/// Reads `[runtime]`.
pub(crate) fn read_runtime(mut section: ConfigSection<'_>) -> RuntimeConfig {
    let runtime = RuntimeConfig {
        data_cores: section.value("data_cores", 0, count(0..=DATA_CORES_MAX)),
    };
    section.finish();
    runtime
}
