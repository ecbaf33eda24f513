//! The memory of all bodies of the process, and how the consumers share it.
//!
//! Half of the budget is for every consumer. The other half is split by the weights of the squads: a
//! squad within its share always gets memory, however much the others use. Without squads,
//! all consumers use the whole budget.
//!
//! A lease travels with the bytes, so memory counts until the last copy of a body is dropped. Bodies
//! that fit the read buffer of their connection are not counted, because the number of connections
//! bounds them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use portcullis_vocabulary::{Catalog, Consumer, TierPolicies};

/// Bodies of up to this many bytes are not counted.
const UNCOUNTED_BYTES: u64 = 8 * 1024;

/// Leases grow by multiples of this many bytes, so a body that arrives slowly costs few updates.
const BLOCK_BYTES: u64 = 16 * 1024;

/// The budget of the process under one configuration.
#[derive(Debug)]
pub struct BodyBudget {
    bytes_max: u64,
    /// What consumers beyond their share can use together with all others.
    common_bytes: u64,
    /// The use of the process. All configurations count in the same one.
    used: Arc<AtomicU64>,
    /// The use and the share of each consumer, by its index.
    consumers: Box<[ConsumerMemory]>,
}

#[derive(Debug, Default)]
struct ConsumerMemory {
    used: AtomicU64,
    share_bytes: u64,
}

/// The budget as one data core uses it. Each core counts its own references, so cores do not share
/// memory unless they take some.
#[derive(Debug)]
pub(crate) struct CoreBodyBudget(Arc<BodyBudget>);

/// The memory of one body. Dropping it returns the memory.
#[derive(Debug)]
pub(crate) struct BodyLease {
    budget: Option<Arc<CoreBodyBudget>>,
    consumer: usize,
    bytes: u64,
}

impl BodyBudget {
    /// A budget of `bytes_max` for the consumers of a catalog.
    pub fn new(bytes_max: usize, catalog: &Catalog, tiers: &TierPolicies) -> Arc<Self> {
        Self::with_use(Arc::default(), bytes_max, catalog, tiers)
    }

    /// A budget that takes over the use of this one.
    #[must_use]
    pub fn replaced(&self, bytes_max: usize, catalog: &Catalog, tiers: &TierPolicies) -> Arc<Self> {
        Self::with_use(Arc::clone(&self.used), bytes_max, catalog, tiers)
    }

    fn with_use(
        used: Arc<AtomicU64>,
        bytes_max: usize,
        catalog: &Catalog,
        tiers: &TierPolicies,
    ) -> Arc<Self> {
        let bytes_max = bytes_max as u64;
        let squads = catalog.squads().iter();
        let weights = squads.map(|squad| squad.weight.unwrap_or(tiers.of(squad.tier).weight));
        // The unknown consumer has no share.
        let weights: Vec<u64> = std::iter::once(0).chain(weights.map(u64::from)).collect();
        let sum: u64 = weights.iter().sum();
        let shared_bytes = if sum == 0 { 0 } else { bytes_max / 2 };
        let consumer = |weight: u64| ConsumerMemory {
            used: AtomicU64::new(0),
            share_bytes: share(shared_bytes, weight, sum),
        };
        Arc::new(Self {
            bytes_max,
            common_bytes: bytes_max - shared_bytes,
            used,
            consumers: weights.into_iter().map(consumer).collect(),
        })
    }

    /// The memory of all bodies, in bytes.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes memory, unless that would exceed the budget or, beyond the consumer's share, the common
    /// part.
    fn take(&self, consumer: usize, bytes: u64) -> bool {
        let Some(memory) = self.consumers.get(consumer) else {
            return false;
        };
        let used_by_all = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let used = memory.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let fits = used_by_all <= self.common_bytes
            || (used <= memory.share_bytes && used_by_all <= self.bytes_max);
        if !fits {
            self.give_back(consumer, bytes);
        }
        fits
    }

    fn give_back(&self, consumer: usize, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(memory) = self.consumers.get(consumer) {
            memory.used.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl CoreBodyBudget {
    /// The budget for one data core.
    pub(crate) fn new(budget: &Arc<BodyBudget>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(budget)))
    }

    /// A lease for a body of a consumer, still empty.
    pub(crate) fn lease(self: &Arc<Self>, consumer: Consumer) -> BodyLease {
        BodyLease {
            budget: Some(Arc::clone(self)),
            consumer: consumer.index(),
            bytes: 0,
        }
    }
}

impl BodyLease {
    /// A lease that counts nothing, for readers that have their own bound.
    pub(crate) const fn uncounted() -> Self {
        Self {
            budget: None,
            consumer: 0,
            bytes: 0,
        }
    }

    /// Whether a body of this length would get memory now.
    pub(crate) fn has_room(&self, length: u64) -> bool {
        let mut trial = Self {
            budget: self.budget.clone(),
            consumer: self.consumer,
            bytes: 0,
        };
        trial.grow_to(length)
    }

    /// Grows the lease to a body of this many bytes. Returns whether there was memory.
    pub(crate) fn grow_to(&mut self, length: u64) -> bool {
        let Some(budget) = &self.budget else {
            return true;
        };
        if length <= UNCOUNTED_BYTES || length <= self.bytes {
            return true;
        }
        let missing = (length - self.bytes).next_multiple_of(BLOCK_BYTES);
        let is_taken = budget.0.take(self.consumer, missing);
        if is_taken {
            self.bytes += missing;
        }
        is_taken
    }

    /// The bytes, which keep the lease until their last copy is dropped.
    pub(crate) fn attach_to(self, bytes: Bytes) -> Bytes {
        if self.bytes == 0 {
            return bytes;
        }
        Bytes::from_owner(LeasedBytes {
            bytes,
            _lease: self,
        })
    }
}

impl Drop for BodyLease {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget
            && self.bytes > 0
        {
            budget.0.give_back(self.consumer, self.bytes);
        }
    }
}

/// Bytes with their lease.
struct LeasedBytes {
    bytes: Bytes,
    _lease: BodyLease,
}

impl AsRef<[u8]> for LeasedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The part of `bytes` for a weight.
fn share(bytes: u64, weight: u64, sum: u64) -> u64 {
    let part = u128::from(bytes) * u128::from(weight);
    part.checked_div(u128::from(sum))
        .and_then(|part| u64::try_from(part).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_vocabulary::Squad;

    const KIB: u64 = 1024;

    /// A budget with these squads and weights.
    fn budget(kib: usize, squads: &[(&str, u32)]) -> (Arc<BodyBudget>, Catalog) {
        let squad = |(name, weight): &(&str, u32)| Squad {
            weight: Some(*weight),
            ..Squad::named(name.parse().unwrap())
        };
        let catalog = Catalog::new(squads.iter().map(squad).collect(), vec![], vec![]);
        let budget = BodyBudget::new(kib * 1024, &catalog, &TierPolicies::default());
        (budget, catalog)
    }

    /// Takes leases of one block until there is no memory left.
    fn exhaust(budget: &Arc<BodyBudget>, consumer: Consumer) -> Vec<BodyLease> {
        let core = CoreBodyBudget::new(budget);
        let lease = || {
            let mut lease = core.lease(consumer);
            lease.grow_to(BLOCK_BYTES).then_some(lease)
        };
        std::iter::from_fn(lease).collect()
    }

    #[test]
    fn without_squads_all_consumers_use_all_of_it() {
        let (budget, _) = budget(160, &[]);
        let leases = exhaust(&budget, Consumer::Unknown);
        assert_eq!((leases.len(), budget.used()), (10, 160 * KIB));
        drop(leases);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_squad_within_its_share_always_gets_memory() {
        let (budget, catalog) = budget(640, &[("a", 1), ("b", 3)]);
        let (a, b) = (catalog.consumer(b"a"), catalog.consumer(b"b"));
        // Half of it is for every consumer.
        let unknown = exhaust(&budget, Consumer::Unknown);
        assert_eq!(unknown.len(), 20);
        // A quarter of the other half, and three quarters.
        let of_a = exhaust(&budget, a);
        assert_eq!(of_a.len(), 5);
        let of_b = exhaust(&budget, b);
        assert_eq!((of_b.len(), budget.used()), (15, 640 * KIB));
        drop(unknown);
        // Now the common half can be used again, in addition to the shares.
        assert_eq!(exhaust(&budget, a).len(), 0);
        drop(of_b);
        assert_eq!(exhaust(&budget, a).len(), 15);
        drop(of_a);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn leases_count_blocks_and_travel_with_the_bytes() {
        let (budget, _) = budget(64, &[]);
        let mut lease = CoreBodyBudget::new(&budget).lease(Consumer::Unknown);
        assert!(lease.grow_to(UNCOUNTED_BYTES));
        assert_eq!(budget.used(), 0);
        assert!(lease.grow_to(UNCOUNTED_BYTES + 1));
        assert_eq!(budget.used(), 16 * KIB);
        assert!(lease.grow_to(33 * KIB));
        assert_eq!(budget.used(), 48 * KIB);
        assert!(!lease.has_room(17 * KIB) && lease.has_room(16 * KIB));
        assert!(!lease.grow_to(65 * KIB));
        assert_eq!(budget.used(), 48 * KIB);
        let bytes = lease.attach_to(Bytes::from_static(b"body"));
        let copy = bytes.slice(1..);
        drop(bytes);
        assert_eq!((budget.used(), &copy[..]), (48 * KIB, &b"ody"[..]));
        drop(copy);
        assert_eq!(budget.used(), 0);
        assert!(BodyLease::uncounted().grow_to(u64::MAX));
    }

    #[test]
    fn a_new_configuration_counts_what_is_in_use() {
        let (old, catalog) = budget(64, &[]);
        let mut lease = CoreBodyBudget::new(&old).lease(Consumer::Unknown);
        assert!(lease.grow_to(48 * KIB));
        let new = old.replaced(64 * 1024, &catalog, &TierPolicies::default());
        assert_eq!(exhaust(&new, Consumer::Unknown).len(), 1);
        drop(lease);
        assert_eq!((old.used(), exhaust(&new, Consumer::Unknown).len()), (0, 4));
    }
}
