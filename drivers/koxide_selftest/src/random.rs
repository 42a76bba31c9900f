// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers, and who runs.

#[kernel::prelude::kunit_tests(random)]
mod tests {
    use core::mem::MaybeUninit;

    use kernel::{
        prelude::*,
        random::{
            add_device_randomness, get_random_bytes, get_random_bytes_raw, get_random_u32,
            get_random_u32_below, get_random_u64, memzero_explicit, rng_is_initialized,
            wait_for_random_bytes,
        },
    };

    #[test]
    fn bytes_are_not_twice_the_same() -> Result {
        wait_for_random_bytes()?;
        assert!(rng_is_initialized());
        let (mut one, mut other) = ([0; 32], [0; 32]);
        get_random_bytes(&mut one);
        add_device_randomness(&one);
        get_random_bytes(&mut other);
        assert_ne!(one, other);
        assert_ne!(one, [0; 32]);
        get_random_bytes(&mut []);
        add_device_randomness(&[]);
        Ok(())
    }

    #[test]
    fn what_is_secret_becomes_zeroes() {
        for len in 0..40 {
            let mut room = [MaybeUninit::new(7_u8); 48];
            get_random_bytes_raw(&mut room[..len]);
            let zeroes = memzero_explicit(&mut room[..len]);
            assert_eq!(zeroes.len(), len);
            assert!(zeroes.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn numbers_have_all_their_bits() {
        let (mut seen_32, mut seen_64) = (0, 0);
        for _ in 0..200 {
            seen_32 |= get_random_u32();
            seen_64 |= get_random_u64();
        }
        assert_eq!((seen_32, seen_64), (u32::MAX, u64::MAX));
    }

    #[test]
    fn numbers_stay_below_their_limit_and_reach_all() {
        let mut seen = [0; 6];
        for _ in 0..6000 {
            seen[get_random_u32_below(6) as usize] += 1;
        }
        assert!(
            seen.iter().all(|count| (700..1300).contains(count)),
            "{seen:?}"
        );
        assert_eq!(get_random_u32_below(1), 0);
    }
}
