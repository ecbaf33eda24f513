//! A list of the operations of a contract with their full paths, for display.

use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::Operation;

impl CompiledContract {
    /// Every operation with its full paths, one for each base path.
    pub fn listing(&self) -> Vec<(&Operation, Vec<&str>)> {
        let mut listed: Vec<(&Operation, Vec<&str>)> = self
            .operations
            .iter()
            .map(|operation| (operation, Vec::new()))
            .collect();
        for (path, operation) in self.routes.declared_paths() {
            listed[operation as usize].1.push(path);
        }
        listed
    }
}
