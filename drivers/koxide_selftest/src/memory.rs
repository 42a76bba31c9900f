// SPDX-License-Identifier: GPL-2.0-only

//! Memory of the kernel's allocators.

#[kernel::prelude::kunit_tests(memory)]
mod tests {
    use kernel::{
        alloc::allocator::{KVmalloc, Kmalloc, Vmalloc},
        alloc::{Allocator, Box, Vec},
        new_mutex,
        pin_init::{init_array_from_fn, init_zeroed},
        prelude::*,
        sync::{Arc, Mutex},
    };

    /// A value whose size is no power of two and whose alignment is more than the kernel gives by itself.
    #[repr(C, align(64))]
    struct Aligned([u8; 129]);

    /// A value whose alignment is more than any block has.
    #[repr(align(0x400_0000))]
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

    /// A value that is pinned, and counts those that there are.
    #[pin_data]
    struct Counted {
        #[pin]
        lock: Mutex<usize>,
        count: Arc<()>,
    }

    impl Counted {
        fn new(number: usize, count: &Arc<()>) -> impl PinInit<Self, Error> {
            let count = count.clone();
            try_pin_init!(Self {
                lock <- new_mutex!(number),
                count: if number < 7 { count } else { return Err(EBUSY) },
            })
        }
    }

    #[test]
    fn rows_of_pinned_values_come_and_go_as_a_whole() -> Result {
        let count = Arc::new((), GFP_KERNEL)?;
        let row = KVBox::pin_slice(|i| Counted::new(i, &count), 7, GFP_KERNEL)?;
        assert_eq!(row.iter().map(|one| *one.lock.lock()).sum::<usize>(), 21);
        assert!(row.iter().all(|one| Arc::ptr_eq(&one.count, &count)));
        drop(row);
        let failed = KBox::pin_slice(|i| Counted::new(i, &count), 9, GFP_KERNEL);
        assert_eq!(failed.err(), Some(EBUSY));
        assert!(count.into_unique_or_drop().is_some());
        Ok(())
    }

    /// What shrinks keeps its elements, and what is too aligned for the kernel's own blocks its alignment.
    fn shrinks<A: Allocator>() -> Result<bool> {
        let mut numbers: Vec<Aligned, A> = Vec::with_capacity(100, GFP_KERNEL)?;
        for number in 0..5 {
            numbers.push(Aligned([number; 129]), GFP_KERNEL)?;
        }
        numbers.shrink_to(0, GFP_KERNEL)?;
        numbers.push(Aligned([5; 129]), GFP_KERNEL)?;
        let mut iter = numbers.into_iter();
        iter.next();
        let left = iter.collect(GFP_KERNEL);
        let in_order = left
            .iter()
            .zip(1u8..)
            .all(|(value, number)| value.0 == [number; 129]);
        Ok(in_order && left.len() == 5 && left.as_ptr().addr().is_multiple_of(64))
    }

    #[test]
    fn memory_is_given_back() -> Result {
        assert!(shrinks::<Kmalloc>()?);
        assert!(shrinks::<Vmalloc>()?);
        assert!(shrinks::<KVmalloc>()?);
        let large = KVVec::<u8>::zeroed(8 << 20, GFP_KERNEL)?;
        assert!(large.iter().all(|byte| *byte == 0));
        Ok(())
    }

    #[test]
    fn values_of_no_size_need_no_memory() -> Result {
        const MANY: usize = usize::MAX / 2;
        let mut nothings = VVec::from_elem((), MANY, GFP_KERNEL)?;
        assert_eq!(nothings.drain_all().len(), MANY);
        let nothing: KBox<dyn Send> = KBox::new((), GFP_ATOMIC)?;
        drop(nothing);
        Ok(())
    }

    /// Neither is on the stack for a moment, which would be refused when this is built.
    #[test]
    fn large_values_are_made_where_they_stay() -> Result {
        let zeroes: Arc<[u8; 16384]> = Arc::init(init_zeroed(), GFP_KERNEL)?;
        assert!(zeroes.iter().all(|byte| *byte == 0));
        let numbers: KVBox<[usize; 4096]> = KVBox::init(init_array_from_fn(|i| i), GFP_KERNEL)?;
        assert_eq!(numbers[4095], 4095);
        Ok(())
    }

    /// Each flag may be given to each allocator: the kernel would write a complaint, with a stack trace.
    #[test]
    fn memory_that_need_not_be_mapped_is() -> Result {
        let flags = GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO;
        assert_eq!(*KBox::<[u8; 100]>::zeroed(flags)?, [0; 100]);
        assert_eq!(*KVBox::<[u8; 100]>::zeroed(flags)?, [0; 100]);
        assert_eq!(*VBox::<[u8; 100]>::zeroed(flags)?, [0; 100]);
        Ok(())
    }
}
