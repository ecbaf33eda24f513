//! Portcullis: a contract-validating reverse proxy.

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod contract;
pub mod json;
pub mod proxy;
pub mod source;
pub mod squad;
pub mod telemetry;
pub mod traffic;
