//! Divides an amount by weights, exact to the smallest unit.
//!
//! Each share is rounded down, and the units that are left go to the shares with the largest remainders,
//! one to each (the method of the largest remainder). Equal remainders are served in the order of the
//! weights. All arithmetic is in integers, so the shares add up to the amount, and a weight of 0 gets
//! nothing: its remainder is 0, and fewer units are left than there are remainders above 0.

/// The share of each weight. Without any weight above 0, all shares are 0: no consumer can be charged.
pub fn split_amount(units: u64, weights: &[u64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    // A product of two numbers of 64 bits has 128.
    let parts = weights.iter().map(|weight| {
        let part = u128::from(units) * u128::from(*weight);
        (part / total, part % total)
    });
    let (mut shares, remainders): (Vec<u128>, Vec<u128>) = parts.unzip();
    let left = u128::from(units) - shares.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    for index in order.into_iter().take(left) {
        shares[index] += 1;
    }
    let share = |share: u128| u64::try_from(share).expect("a share is at most the amount");
    shares.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        let check = |units, weights: &[u64], expected: &[u64]| {
            assert_eq!(
                split_amount(units, weights),
                expected,
                "{units} {weights:?}"
            );
        };
        check(100, &[1, 1, 1], &[34, 33, 33]);
        check(100, &[1, 1, 4], &[17, 17, 66]);
        check(10, &[5, 3, 0, 2], &[5, 3, 0, 2]);
        check(1, &[1, 2, 0], &[0, 1, 0]);
        check(120_000, &[3, 0, 1], &[90_000, 0, 30_000]);
        check(7, &[0, 0], &[0, 0]);
        check(7, &[], &[]);
        check(u64::MAX, &[u64::MAX, u64::MAX], &[1 << 63, (1 << 63) - 1]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_within_a_unit_of_the_exact_ones(
            units in 0..u64::MAX,
            weights in prop::collection::vec(prop_oneof![Just(0), 0..1_000_u64, any::<u64>()], 1..20),
        ) {
            let shares = split_amount(units, &weights);
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            let sum: u128 = shares.iter().map(|share| u128::from(*share)).sum();
            prop_assert_eq!(sum, if total == 0 { 0 } else { u128::from(units) });
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(*weight > 0 || *share == 0);
                let exact = u128::from(units) * u128::from(*weight);
                let floor = exact.checked_div(total).unwrap_or(0);
                let over = u128::from(*share) - floor;
                prop_assert!(over <= 1);
            }
        }
    }
}
