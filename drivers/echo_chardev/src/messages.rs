// SPDX-License-Identifier: GPL-2.0-only

//! Messages that wait to be read.

use kernel::prelude::*;

/// The longest message.
pub(crate) const LONGEST: usize = 64 << 10;

/// How many messages wait at most.
const MOST: usize = 16;

/// Messages in the order in which they came.
pub(crate) struct Messages {
    waiting: KVec<KVVec<u8>>,
    /// How much of the oldest one was read.
    read: usize,
}

impl Messages {
    /// None.
    pub(crate) const fn new() -> Self {
        Self {
            waiting: KVec::new(),
            read: 0,
        }
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether no more can wait.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Adds a message, which is not empty.
    pub(crate) fn add(&mut self, message: KVVec<u8>) -> Result {
        Ok(self.waiting.push(message, GFP_KERNEL)?)
    }

    /// What is left of the oldest message; nothing if there is none.
    pub(crate) fn oldest(&self) -> &[u8] {
        self.waiting
            .first()
            .and_then(|message| message.get(self.read..))
            .unwrap_or_default()
    }

    /// Says that so many bytes of the oldest message were read.
    pub(crate) fn took(&mut self, count: usize) {
        if count < self.oldest().len() {
            self.read = self.read.saturating_add(count);
        } else {
            self.read = 0;
            drop(self.waiting.remove(0));
        }
    }
}

#[kunit_tests(messages)]
mod tests {
    use super::*;

    fn message(text: &[u8]) -> Result<KVVec<u8>> {
        let mut message = KVVec::new();
        message.extend_from_slice(text, GFP_KERNEL)?;
        Ok(message)
    }

    #[test]
    fn a_message_is_read_in_parts_and_then_the_next() -> Result {
        let mut messages = Messages::new();
        assert!(messages.is_empty() && messages.oldest().is_empty());
        messages.add(message(b"hello")?)?;
        messages.add(message(b"you")?)?;
        messages.took(2);
        assert_eq!(messages.oldest(), b"llo");
        messages.took(3);
        assert_eq!(messages.oldest(), b"you");
        messages.took(100);
        assert!(messages.is_empty());
        messages.took(1);
        assert!(messages.oldest().is_empty());
        Ok(())
    }

    #[test]
    fn there_is_a_limit() -> Result {
        let mut messages = Messages::new();
        while !messages.is_full() {
            messages.add(message(b"x")?)?;
        }
        messages.took(1);
        assert!(!messages.is_full());
        Ok(())
    }
}
