//! The registry of one service: what the domain knows of it, where the store keeps it.
//!
//! `<squad>/<service>/registry.json` and, beside it, `revisions/<hash>.json` for each contract.

use tokio::runtime::Runtime;

use crate::source::{
    CommitOutcome, InvalidStoreKey, RecordCommit, RecordStore, RecordTag, S3Clients, StoreKey,
};
use portcullis_contract::{CompiledContract, DocumentSet};
use portcullis_control::gate::{
    Deployment, DeploymentRegistry, RECORD_BYTES_MAX, RegisteredContract,
};
use portcullis_vocabulary::Limits;

use super::gate_args::RegistryArgs;
use super::gate_error::GateError;
use crate::cli::diff::compiled;
use crate::cli::dispatch::RunError;

/// The registry of one service.
#[derive(Debug)]
pub(super) struct GateRegistry {
    store: RecordStore,
    runtime: Runtime,
    squad: String,
    service: String,
    key: StoreKey,
    limits: Limits,
}

/// What was read, and by which it is replaced.
#[derive(Debug)]
pub(super) struct VersionedRecord {
    pub(super) record: DeploymentRegistry,
    tag: Option<RecordTag>,
}

impl GateRegistry {
    /// The registry of a service that this squad provides.
    pub(super) fn open(place: &RegistryArgs, provider: &str) -> Result<Self, GateError> {
        let RegistryArgs {
            service, registry, ..
        } = place;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok(Self {
            store: RecordStore::new(registry, &S3Clients::from_env())?,
            runtime: runtime.map_err(GateError::Runtime)?,
            squad: provider.to_owned(),
            service: service.clone(),
            key: StoreKey::new(&[provider, service, "registry.json"])?,
            limits: Limits::default(),
        })
    }

    /// Reads it; one that is not there yet is empty.
    pub(super) fn read(&self) -> Result<VersionedRecord, GateError> {
        let stored = self.block_on(self.store.read(&self.key, RECORD_BYTES_MAX))?;
        let Some(stored) = stored else {
            return Ok(VersionedRecord {
                record: DeploymentRegistry::new(&self.squad, &self.service),
                tag: None,
            });
        };
        let record = DeploymentRegistry::parse(&stored.bytes, &self.squad, &self.service);
        let record = record.map_err(|damage| GateError::Damaged {
            place: self.place(),
            damage,
        })?;
        Ok(VersionedRecord {
            record,
            tag: Some(stored.tag),
        })
    }

    /// Reads one that has to be there.
    pub(super) fn read_existing(&self) -> Result<VersionedRecord, GateError> {
        let found = self.read()?;
        match found.tag {
            Some(_) => Ok(found),
            None => Err(GateError::NoRecord {
                place: self.place(),
            }),
        }
    }

    /// The files of what was deployed, after their hash was checked.
    pub(super) fn documents(&self, deployment: &Deployment) -> Result<DocumentSet, GateError> {
        let key = self.content_key(&deployment.revision)?;
        let place = self.store.display_name(&key);
        // JSON writes a control character as six.
        let bytes_max = (self.limits.contract_bytes_max as u64)
            .saturating_mul(6)
            .saturating_add(1 << 20);
        let stored = self.block_on(self.store.read(&key, bytes_max))?;
        let stored = stored.ok_or_else(|| GateError::NoContract {
            place: place.clone(),
            number: deployment.number,
        })?;
        RegisteredContract::parse(&stored.bytes, &deployment.revision, &self.limits)
            .map_err(|damage| GateError::Content { place, damage })
    }

    /// The contract that was deployed.
    pub(super) fn contract(&self, deployment: &Deployment) -> Result<CompiledContract, RunError> {
        compiled(
            self.documents(deployment)?,
            &format!("the deployed version {}", deployment.version),
        )
    }

    /// Writes what has become of what was read; whether nobody else did meanwhile.
    pub(super) fn write(
        &self,
        found: &VersionedRecord,
        content: Option<&RegisteredContract>,
        gone: &[String],
    ) -> Result<CommitOutcome, GateError> {
        let additions = content.map(|content| {
            Ok((
                self.content_key(&content.revision)?,
                content.text().into_bytes(),
            ))
        });
        let additions: Vec<_> = additions
            .into_iter()
            .collect::<Result<_, InvalidStoreKey>>()?;
        let removals: Vec<_> = gone
            .iter()
            .map(|revision| self.content_key(revision))
            .collect::<Result<_, _>>()?;
        let text = found.record.text();
        let commit = RecordCommit {
            key: &self.key,
            expected: found.tag.as_ref(),
            bytes: text.as_bytes(),
            additions: &additions,
            removals: &removals,
        };
        Ok(self.block_on(self.store.commit(&commit))?)
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        self.store.display_name(&self.key)
    }

    /// Waits for work that needs sockets or timers.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn content_key(&self, revision: &str) -> Result<StoreKey, InvalidStoreKey> {
        let digits = revision.trim_start_matches("sha256:");
        StoreKey::new(&[
            &self.squad,
            &self.service,
            "revisions",
            &format!("{digits}.json"),
        ])
    }
}
