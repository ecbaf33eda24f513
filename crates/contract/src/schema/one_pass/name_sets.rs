//! Sets of the names that an object declares, as bits.

/// The most properties that an object may declare or require.
pub(super) const PROPERTIES_MAX: usize = 256;

/// The names beyond the first ones, as a bit set.
type OtherNames = [u64; PROPERTIES_MAX / 64 - 1];

/// The names that are required, by their number.
#[derive(Debug, Default)]
pub(super) struct RequiredNames {
    /// Most objects declare no more than these.
    first: u64,
    others: Option<Box<OtherNames>>,
}

impl RequiredNames {
    pub(super) fn insert(&mut self, number: usize) {
        match number.checked_sub(64) {
            None => self.first |= 1 << number,
            Some(number) => {
                let others = self.others.get_or_insert_default();
                if let Some(word) = others.get_mut(number / 64) {
                    *word |= 1 << (number % 64);
                }
            }
        }
    }
}

/// The first of the declared names that an object has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PresentNames(u64);

/// The others.
#[derive(Debug, Default)]
pub(super) struct OtherPresentNames(OtherNames);

impl PresentNames {
    /// Adds a name. Returns whether it is new.
    #[inline(always)]
    pub(super) fn insert(&mut self, name: NameBit, others: &mut OtherPresentNames) -> bool {
        if name.word > 0 {
            return others.insert(name);
        }
        let is_new = self.0 & name.bit == 0;
        self.0 |= name.bit;
        is_new
    }

    /// Whether all required names are in the sets.
    #[inline(always)]
    pub(super) fn contain(self, others: &OtherPresentNames, required: &RequiredNames) -> bool {
        self.0 & required.first == required.first
            && required
                .others
                .as_deref()
                .is_none_or(|required| others.contain(required))
    }
}

impl OtherPresentNames {
    #[inline(never)]
    fn insert(&mut self, name: NameBit) -> bool {
        let index = usize::from(name.word).wrapping_sub(1);
        let Some(word) = self.0.get_mut(index) else {
            return false;
        };
        let is_new = *word & name.bit == 0;
        *word |= name.bit;
        is_new
    }

    #[inline(never)]
    fn contain(&self, required: &OtherNames) -> bool {
        let mut words = self.0.iter().zip(required);
        words.all(|(present, required)| present & required == *required)
    }
}

/// Where a name is in a set of names.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameBit {
    bit: u64,
    word: u8,
}

impl NameBit {
    /// `None` if there are not so many names.
    pub(super) fn new(number: usize) -> Option<Self> {
        (number < PROPERTIES_MAX).then_some(Self {
            bit: 1 << (number % 64),
            word: u8::try_from(number / 64).ok()?,
        })
    }
}
