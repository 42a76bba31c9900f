// SPDX-License-Identifier: GPL-2.0-only

//! Owners of values of which only a trait is known.

#[kernel::prelude::kunit_tests(owners)]
mod tests {
    use kernel::{
        prelude::*,
        sync::{Arc, ArcBorrow},
    };

    /// A method for each kind of `self`.
    trait Animal: Send + Sync {
        fn legs(&self) -> u32;
        fn shared(self: Arc<Self>) -> u32;
        fn borrowed(self: ArcBorrow<'_, Self>) -> u32;
        fn boxed(self: Pin<KBox<Self>>) -> u32;
    }

    /// An animal that counts those that there are.
    struct Spider(Arc<u8>);

    /// An animal that is aligned to more than the count of its owners.
    #[repr(align(64))]
    struct Bird(u32);

    impl Animal for Spider {
        fn legs(&self) -> u32 {
            8
        }

        fn shared(self: Arc<Self>) -> u32 {
            self.legs() + u32::from(*self.0)
        }

        fn borrowed(self: ArcBorrow<'_, Self>) -> u32 {
            Arc::from(self).shared()
        }

        fn boxed(self: Pin<KBox<Self>>) -> u32 {
            self.legs()
        }
    }

    impl Animal for Bird {
        fn legs(&self) -> u32 {
            self.0
        }

        fn shared(self: Arc<Self>) -> u32 {
            self.0
        }

        fn borrowed(self: ArcBorrow<'_, Self>) -> u32 {
            self.0
        }

        fn boxed(self: Pin<KBox<Self>>) -> u32 {
            self.0
        }
    }

    #[test]
    fn methods_are_those_of_the_value() -> Result {
        let spiders = Arc::new(1, GFP_KERNEL)?;
        let zoo: [Arc<dyn Animal>; 2] = [
            Arc::new(Spider(spiders.clone()), GFP_KERNEL)?,
            Arc::new(Bird(2), GFP_KERNEL)?,
        ];
        assert_eq!(zoo.each_ref().map(|one| one.legs()), [8, 2]);
        assert_eq!(zoo.each_ref().map(|one| one.clone().shared()), [9, 2]);
        assert_eq!(
            zoo.each_ref().map(|one| one.as_arc_borrow().borrowed()),
            [9, 2]
        );
        let boxed: Pin<KBox<dyn Animal>> = KBox::pin(Bird(3), GFP_KERNEL)?;
        assert_eq!(boxed.boxed(), 3);
        // The last owner drops the value as what it is.
        assert!(spiders.clone().into_unique_or_drop().is_none());
        drop(zoo);
        assert!(spiders.into_unique_or_drop().is_some());
        Ok(())
    }
}
