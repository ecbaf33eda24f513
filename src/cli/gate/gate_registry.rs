//! The registry of one service in its store.
//!
//! The deployments are in `<squad>/<service>/registry.json`, each contract in
//! `<squad>/<service>/revisions/<hash>.json`. The leases of a shared table are in
//! `Tables/<table>/leases.json`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use crate::source::{
    CommitOutcome, InvalidStoreKey, RecordCommit, RecordStore, RecordTag, S3Clients, StoreKey,
};
use portcullis_contract::{BrokenPartPolicy, CompiledContract, DocumentSet};
use portcullis_control::gate::{
    Deployment, DeploymentRegistry, RECORD_BYTES_MAX, RegisteredContract, TableLeases,
};
use portcullis_vocabulary::{ContractReading, Limits, ServiceTransfer};

use super::gate_args::RegistryArgs;
use super::gate_error::GateError;
use crate::cli::inputs::compile_contract;
use crate::cli::run_error::RunError;

/// The registry of one service.
#[derive(Debug)]
pub(super) struct GateRegistry {
    store: RecordStore,
    runtime: Runtime,
    squad: String,
    /// The squad that provided the service before. Its registry is continued.
    former: Option<String>,
    service: String,
    key: StoreKey,
    limits: Limits,
}

/// A registry as it was read, with the tag that detects concurrent changes.
#[derive(Debug)]
pub(super) struct VersionedRecord {
    pub(super) record: DeploymentRegistry,
    tag: Option<RecordTag>,
    /// Whether it was read where the former squad keeps it.
    is_former: bool,
}

/// The leases of a table as they were read, with the tag that detects concurrent changes.
#[derive(Debug)]
pub(super) struct VersionedLeases {
    pub(super) leases: TableLeases,
    tag: Option<RecordTag>,
}

impl GateRegistry {
    /// The registry that the arguments name.
    pub(super) fn of(args: &RegistryArgs) -> Result<Self, GateError> {
        Self::open(&args.registry, &args.squad, &args.service)
    }

    /// The registry of a service that this squad provides.
    pub(super) fn open(registry: &str, provider: &str, service: &str) -> Result<Self, GateError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok(Self {
            store: RecordStore::new(registry, &S3Clients::from_env())?,
            runtime: runtime.map_err(GateError::Runtime)?,
            squad: provider.to_owned(),
            former: None,
            service: service.to_owned(),
            key: StoreKey::new(&[provider, service, "registry.json"])?,
            limits: Limits::default(),
        })
    }

    /// The registry of a service that may have moved from another squad. If this squad has none yet,
    /// the one of the former squad is read, and written here with the contracts that it refers to.
    #[must_use]
    pub(super) fn moved_by(self, transfer: Option<&ServiceTransfer>) -> Self {
        let transfer = transfer.filter(|transfer| transfer.to.as_str() == self.squad);
        Self {
            former: transfer.map(|transfer| transfer.from.to_string()),
            ..self
        }
    }

    /// Reads the registry. A missing one is empty.
    pub(super) fn read(&self) -> Result<VersionedRecord, GateError> {
        if let Some((record, tag)) = self.read_of(&self.squad)? {
            return Ok(VersionedRecord {
                record,
                tag: Some(tag),
                is_former: false,
            });
        }
        let former = match &self.former {
            Some(former) => self.read_of(former)?,
            None => None,
        };
        let is_former = former.is_some();
        let empty = || DeploymentRegistry::new(&self.squad, &self.service);
        let mut record = former.map_or_else(empty, |(record, _)| record);
        record.squad.clone_from(&self.squad);
        Ok(VersionedRecord {
            record,
            tag: None,
            is_former,
        })
    }

    /// Reads the registry that a squad keeps.
    fn read_of(&self, squad: &str) -> Result<Option<(DeploymentRegistry, RecordTag)>, GateError> {
        let key = StoreKey::new(&[squad, &self.service, "registry.json"])?;
        let stored = self.block_on(self.store.read(&key, RECORD_BYTES_MAX))?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let record = DeploymentRegistry::parse(&stored.bytes, squad, &self.service);
        let record = record.map_err(|damage| GateError::Damaged {
            place: self.store.display_name(&key),
            damage,
        })?;
        Ok(Some((record, stored.tag)))
    }

    /// Reads the registry, which must exist.
    pub(super) fn read_existing(&self) -> Result<VersionedRecord, GateError> {
        let found = self.read()?;
        if found.tag.is_some() || found.is_former {
            return Ok(found);
        }
        Err(GateError::NoRecord {
            place: self.place(),
        })
    }

    /// The files of a deployed contract. Their hash is checked.
    pub(super) fn documents(&self, deployment: &Deployment) -> Result<DocumentSet, GateError> {
        self.stored(&deployment.revision, deployment.number)
    }

    /// Checks that all contracts of a deployment are stored as they were.
    pub(super) fn verify(&self, deployment: &Deployment) -> Result<(), GateError> {
        for revision in deployment.revisions() {
            self.stored(revision, deployment.number)?;
        }
        Ok(())
    }

    /// The files of a contract that a deployment has.
    fn stored(&self, revision: &str, number: u64) -> Result<DocumentSet, GateError> {
        let (place, bytes) = self.stored_bytes(revision, number)?;
        RegisteredContract::parse(&bytes, revision, &self.limits)
            .map_err(|damage| GateError::Content { place, damage })
    }

    /// The stored bytes of a contract, and where they are. The contracts of a registry that was not
    /// written yet are where the former squad keeps them.
    fn stored_bytes(&self, revision: &str, number: u64) -> Result<(String, Vec<u8>), GateError> {
        // JSON escapes a control character with six.
        let bytes_max = (self.limits.contract_bytes_max as u64)
            .saturating_mul(6)
            .saturating_add(1 << 20);
        for squad in std::iter::once(&self.squad).chain(&self.former) {
            let key = self.content_key(squad, revision)?;
            if let Some(stored) = self.block_on(self.store.read(&key, bytes_max))? {
                return Ok((self.store.display_name(&key), stored.bytes));
            }
        }
        let key = self.content_key(&self.squad, revision)?;
        Err(GateError::NoContract {
            place: self.store.display_name(&key),
            number,
        })
    }

    /// The contracts that a registry refers to and that the former squad keeps.
    fn former_contents(
        &self,
        found: &VersionedRecord,
        contents: &[&RegisteredContract],
    ) -> Result<Vec<(StoreKey, Vec<u8>)>, GateError> {
        let mut revisions = BTreeMap::new();
        if found.is_former {
            for deployment in &found.record.deployments {
                let own = deployment.revisions();
                revisions.extend(own.map(|revision| (revision, deployment.number)));
            }
        }
        for content in contents {
            revisions.remove(&*content.revision);
        }
        let revisions = revisions.into_iter();
        let moved = revisions.map(|(revision, number)| {
            let (_, bytes) = self.stored_bytes(revision, number)?;
            Ok((self.content_key(&self.squad, revision)?, bytes))
        });
        moved.collect()
    }

    /// The deployed contract. It cannot be corrected any more, so it is compiled around parts that
    /// this version of the gate refuses.
    pub(super) fn contract(
        &self,
        deployment: &Deployment,
        reading: ContractReading,
    ) -> Result<CompiledContract, RunError> {
        self.contract_of(deployment, &deployment.revision, reading)
    }

    /// The contract of this revision that a deployment has.
    pub(super) fn contract_of(
        &self,
        deployment: &Deployment,
        revision: &str,
        reading: ContractReading,
    ) -> Result<CompiledContract, RunError> {
        compile_contract(
            self.stored(revision, deployment.number)?,
            &format!("the deployed version {}", deployment.version),
            (BrokenPartPolicy::TolerateInOlder, reading),
        )
    }

    /// Writes the changed registry, unless another process changed it since it was read.
    pub(super) fn write(
        &self,
        found: &VersionedRecord,
        contents: &[&RegisteredContract],
        removed: &[String],
    ) -> Result<CommitOutcome, GateError> {
        let additions = contents.iter().map(|content| {
            Ok((
                self.content_key(&self.squad, &content.revision)?,
                content.text().into_bytes(),
            ))
        });
        let mut additions: Vec<_> = additions.collect::<Result<_, InvalidStoreKey>>()?;
        additions.extend(self.former_contents(found, contents)?);
        let removals: Vec<_> = removed
            .iter()
            .map(|revision| self.content_key(&self.squad, revision))
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

    /// The file or object of the registry, for messages.
    pub(super) fn place(&self) -> String {
        self.store.display_name(&self.key)
    }

    /// Runs a future that needs sockets or timers.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Reads the leases of a shared table. Missing ones are empty.
    pub(super) fn leases(&self, table: &str) -> Result<VersionedLeases, GateError> {
        let key = lease_key(table)?;
        let stored = self.block_on(self.store.read(&key, RECORD_BYTES_MAX))?;
        let Some(stored) = stored else {
            return Ok(VersionedLeases {
                leases: TableLeases::new(table),
                tag: None,
            });
        };
        let leases = TableLeases::parse(&stored.bytes, table);
        let leases = leases.map_err(|damage| GateError::DamagedLeases {
            place: self.store.display_name(&key),
            damage,
        })?;
        Ok(VersionedLeases {
            leases,
            tag: Some(stored.tag),
        })
    }

    /// Writes changed leases, unless another process changed them since they were read.
    pub(super) fn write_leases(&self, found: &VersionedLeases) -> Result<CommitOutcome, GateError> {
        let key = lease_key(&found.leases.table)?;
        let text = found.leases.text();
        let commit = RecordCommit {
            key: &key,
            expected: found.tag.as_ref(),
            bytes: text.as_bytes(),
            additions: &[],
            removals: &[],
        };
        Ok(self.block_on(self.store.commit(&commit))?)
    }

    fn content_key(&self, squad: &str, revision: &str) -> Result<StoreKey, InvalidStoreKey> {
        let digits = revision.trim_start_matches("sha256:");
        StoreKey::new(&[squad, &self.service, "revisions", &format!("{digits}.json")])
    }
}

/// Where the leases of a table are, for all services of the registry. No squad has a capital letter
/// in its name. A name that cannot be one of a folder is replaced by its hash.
fn lease_key(table: &str) -> Result<StoreKey, InvalidStoreKey> {
    let key = |name: &str| StoreKey::new(&["Tables", name, "leases.json"]);
    key(table).or_else(|_| {
        let digest = Sha256::digest(table);
        key(&digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>())
    })
}
