//! Reads short numbers, eight bytes at a time.

use std::num::NonZeroU64;

const ONES: u64 = 0x0101_0101_0101_0101;

/// A number without a sign and without an exponent that ends, with the byte after it, within eight
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainNumber {
    /// How many digits the integer before the point has; none if it is 0.
    pub digits: usize,
    /// How many digits follow the point.
    pub decimals: usize,
    /// In bytes.
    pub length: usize,
}

impl PlainNumber {
    /// Reads the number at the first, which is the lowest, byte of a word. `None` for every other
    /// number, and for what is not a number.
    #[inline(always)]
    pub fn read(word: u64) -> Option<Self> {
        if !matches!(byte(word, 0), b'1'..=b'9') {
            return Self::read_fraction(word);
        }
        let others = others(word);
        let bits = NonZeroU64::new(others)?.trailing_zeros();
        Self::after_integer(word, others, bits, (bits / 8) as usize)
    }

    /// The same for a number whose integer is 0.
    #[inline(always)]
    fn read_fraction(word: u64) -> Option<Self> {
        let others = others(word);
        let is_zero = byte(word, 0) == b'0' && others.trailing_zeros() == 8;
        is_zero.then(|| Self::after_integer(word, others, 8, 0))?
    }

    /// Reads what follows the integer, which takes so many bits of the word.
    #[inline(always)]
    fn after_integer(word: u64, others: u64, bits: u32, digits: usize) -> Option<Self> {
        let number = |past: u32, decimals| Self {
            digits,
            decimals,
            length: past as usize / 8,
        };
        let is_exponent = |after: u8| after | 0x20 == b'e';
        match byte(word, bits) {
            // What mostly follows is less than a point.
            ..b'.' => Some(number(bits, 0)),
            b'.' => {
                // The point carries nothing.
                let past = NonZeroU64::new(others & (others - 1))?.trailing_zeros();
                let decimals = ((past - bits) / 8 - 1) as usize;
                let is_right = decimals > 0 && !is_exponent(byte(word, past));
                is_right.then(|| number(past, decimals))
            }
            after => (!is_exponent(after)).then(|| number(bits, 0)),
        }
    }
}

/// A bit for each byte that is not a digit. A byte that carries is not one, so the lowest of these bits
/// is exact.
#[inline(always)]
const fn others(word: u64) -> u64 {
    let digits = word ^ (ONES * b'0' as u64);
    (digits.wrapping_add(ONES * 0x76) | digits) >> 7 & ONES
}

#[inline(always)]
const fn byte(word: u64, bits: u32) -> u8 {
    (word >> bits).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::scan;

    fn read(text: &str) -> Option<PlainNumber> {
        let mut bytes = [b' '; 8];
        let length = text.len().min(8);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        PlainNumber::read(u64::from_le_bytes(bytes))
    }

    #[test]
    fn reads_short_numbers() {
        for (text, digits, decimals, length) in [
            ("0,", 0, 0, 1),
            ("7}", 1, 0, 1),
            ("10]", 2, 0, 2),
            ("9876543,", 7, 0, 7),
            ("0.5,", 0, 1, 3),
            ("123.045,", 3, 3, 7),
            ("9.99}", 1, 2, 4),
            ("12:34", 2, 0, 2),
        ] {
            let expected = PlainNumber {
                digits,
                decimals,
                length,
            };
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "", "-1,", "+1", ".5", "01,", "00", "1.,", "1..2", "1e2", "1E2", "1.5e1", "12345678",
            "1234567.", "123456.7", "1.234567", "é", "a1", "/", ":",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    /// Texts of the bytes that are near to digits, points and exponents, compared with the reader of
    /// all numbers.
    #[test]
    fn agrees_with_the_reader_of_all_numbers() {
        const BYTES: [char; 12] = [
            '0', '1', '9', '.', 'e', 'E', '-', '/', ':', ',', '\u{7f}', 'é',
        ];
        let mut read_count = 0;
        for seed in 0..BYTES.len().pow(5) {
            let mut rest = seed;
            let mut text = String::from("5");
            for _ in 0..5 {
                text.push(BYTES[rest % BYTES.len()]);
                rest /= BYTES.len();
            }
            for text in [&text[..], &text[1..]] {
                let Some(number) = read(text) else {
                    continue;
                };
                read_count += 1;
                assert_eq!(scan(text, 0).ok(), Some(number.length), "{text}");
                let (whole, decimals) = text[..number.length]
                    .split_once('.')
                    .unwrap_or((&text[..number.length], ""));
                let digits = if whole == "0" { 0 } else { whole.len() };
                assert_eq!(digits, number.digits, "{text}");
                assert_eq!(decimals.len(), number.decimals, "{text}");
            }
        }
        assert!(read_count > 50_000, "{read_count}");
    }
}
