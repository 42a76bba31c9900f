// SPDX-License-Identifier: GPL-2.0-only

//! Memory of the kernel's allocators.

#[kernel::prelude::kunit_tests(memory)]
mod tests {
    use kernel::{
        alloc::allocator::{KVmalloc, Kmalloc, Vmalloc},
        alloc::{Allocator, Box, Vec},
        prelude::*,
    };

    /// A value whose size is no power of two and whose alignment is more than the kernel gives by itself.
    #[repr(C, align(64))]
    struct Aligned([u8; 129]);

    /// A value whose alignment is more than any block has.
    #[repr(align(0x80_0000))]
    struct TooAligned {
        _byte: u8,
    }

    /// Whether many values in memory from `A` are aligned.
    fn aligned<A: Allocator>() -> Result<bool> {
        let mut all: Vec<Box<Aligned, A>, A> = Vec::new();
        for number in 0..20 {
            all.push(Box::new(Aligned([number; 129]), GFP_KERNEL)?, GFP_KERNEL)?;
        }
        let addresses = all.iter().map(|value| (&raw const **value).addr());
        Ok(addresses.fold(0, |bits, addr| bits | addr) % 64 == 0 && all[7].0[128] == 7)
    }

    /// Whether a vector that grows element by element keeps what is in it, aligned.
    fn grows<A: Allocator>() -> Result<bool> {
        let mut numbers: Vec<Aligned, A> = Vec::new();
        for number in 0..40 {
            numbers.push(Aligned([number; 129]), GFP_KERNEL)?;
        }
        let in_order = numbers
            .iter()
            .zip(0u8..)
            .all(|(value, number)| value.0 == [number; 129]);
        Ok(in_order && numbers.as_slice().as_ptr().addr().is_multiple_of(64))
    }

    #[test]
    fn boxes_are_aligned() -> Result {
        assert!(aligned::<Kmalloc>()?);
        assert!(aligned::<Vmalloc>()?);
        assert!(aligned::<KVmalloc>()?);
        Ok(())
    }

    #[test]
    fn vectors_keep_what_is_in_them() -> Result {
        assert!(grows::<Kmalloc>()?);
        assert!(grows::<Vmalloc>()?);
        assert!(grows::<KVmalloc>()?);
        Ok(())
    }

    #[test]
    fn large_vectors_need_not_be_in_one_piece() -> Result {
        let large = KVVec::from_elem(7u8, 8 << 20, GFP_KERNEL)?;
        assert_eq!(
            large.iter().map(|byte| usize::from(*byte)).sum::<usize>(),
            7 * (8 << 20)
        );
        Ok(())
    }

    /// User space may choose a size: the kernel does not warn of it, which could be the end of the machine.
    #[test]
    fn sizes_that_an_allocator_never_has_are_refused_without_a_word() {
        assert!(KVec::<u8>::with_capacity(64 << 20, GFP_KERNEL).is_err());
        assert!(KVVec::<u8>::with_capacity(3 << 30, GFP_KERNEL).is_err());
        assert!(KBox::<TooAligned>::new_uninit(GFP_KERNEL).is_err());
    }

    #[test]
    fn memory_can_be_had_without_sleeping() -> Result {
        assert_eq!(*KBox::new(7, GFP_ATOMIC)?, 7);
        assert_eq!(*KBox::new(7, GFP_NOWAIT)?, 7);
        assert!(VBox::new(7, GFP_ATOMIC).is_err());
        Ok(())
    }

    #[test]
    fn zeroed_memory_is_zero() -> Result {
        for _ in 0..20 {
            drop(KVec::from_elem(0xffu8, 1000, GFP_KERNEL)?);
            let zeroes: KBox<[u8; 1000]> = KBox::zeroed(GFP_KERNEL)?;
            assert!(zeroes.iter().all(|byte| *byte == 0));
        }
        Ok(())
    }
}
