// SPDX-License-Identifier: GPL-2.0-only

//! What is to happen: text that becomes a plan.

use kernel::prelude::*;

/// Declares an enumeration of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$about])* $variant,)*
        }

        impl $name {
            const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];

            /// What a word stands for.
            fn of_word(word: &str) -> Result<Self> {
                let mut all = Self::ALL.iter();
                let found = all.find(|(known, _)| *known == word);
                found.map(|(_, value)| *value).ok_or(EINVAL)
            }

            /// The value of [`number`](Self::number); 0 is none.
            fn of_number(number: u64) -> Option<Self> {
                let at = usize::try_from(number & 0xff).ok()?.checked_sub(1)?;
                Self::ALL.get(at).map(|(_, value)| *value)
            }

            const fn number(self) -> u64 {
                self as u64 + 1
            }
        }
    };
}

words! {
    /// A callback.
    Place {
        Init = "init",
        Exit = "exit",
        Open = "open",
        Release = "release",
        Llseek = "llseek",
        Read = "read",
        Write = "write",
        Ioctl = "ioctl",
        CompatIoctl = "compat_ioctl",
        Poll = "poll",
        Mmap = "mmap",
        ShowFdinfo = "show_fdinfo",
        Work = "work",
        DelayedWork = "delayed_work",
        Closure = "closure",
        SoftWork = "work_bh",
        Timer = "timer",
        HrTimer = "hrtimer",
        SoftHrTimer = "hrtimer_soft",
        BoxHrTimer = "hrtimer_box",
        ScopedHrTimer = "hrtimer_scoped",
        /// While a timer on the stack is started.
        Scope = "scope",
        /// A condition that is waited for.
        Wait = "wait",
        Thread = "thread",
        JoinedThread = "thread_joined",
        DetachedThread = "thread_detached",
        DebugfsShow = "debugfs_show",
        DebugfsTake = "debugfs_take",
        DebugfsRead = "debugfs_read",
        DebugfsWrite = "debugfs_write",
        ProcShow = "proc_show",
        ProcWrite = "proc_write",
        SysfsShow = "sysfs_show",
        SysfsStore = "sysfs_store",
        ConfigfsShow = "configfs_show",
        ConfigfsStore = "configfs_store",
        MakeGroup = "make_group",
        DropItem = "drop_item",
        /// What a folder is about is dropped.
        GroupDrop = "group_drop",
        /// What the device is about is dropped.
        DataDrop = "data_drop",
    }
}

words! {
    /// What is held or owned when it happens.
    Hold {
        Mutex = "mutex",
        SpinLock = "spinlock",
        SpinLockIrq = "spinlock_irq",
        Read = "rwlock_read",
        Write = "rwlock_write",
        SemaphoreRead = "rwsem_read",
        SemaphoreWrite = "rwsem_write",
        Rcu = "rcu",
        Srcu = "srcu",
        Interrupts = "interrupts",
        Box = "box",
        Vec = "vec",
        Arc = "arc",
        Page = "page",
        Task = "task",
        Vmalloc = "vmalloc",
        Queue = "queue",
        Thread = "thread",
        Region = "region",
        /// A work that nobody waits for.
        Left = "left",
        /// A thread that nobody waits for.
        LeftThread = "left_thread",
    }
}

words! {
    /// What happens.
    Fault {
        Index = "index",
        Overflow = "overflow",
        Divide = "divide",
        None = "none",
        Expect = "expect",
        Slice = "slice",
        Panic = "panic",
        Assert = "assert",
        Drop = "drop",
        DropBox = "drop_box",
        DropArc = "drop_arc",
        DropRow = "drop_row",
        DropRest = "drop_rest",
        /// What is half initialised.
        Half = "half",
        HalfRow = "half_row",
        /// What is to be in the log.
        Display = "display",
        /// When others had time to wait for what is held.
        Late = "late",
        /// Everything is taken and given back.
        Nothing = "nothing",
    }
}

impl Place {
    /// Whether it must not sleep.
    pub(crate) const fn is_atomic(self) -> bool {
        // A thread that waits is about to sleep already.
        self.is_soft() || self.is_hard() || matches!(self, Self::Wait)
    }

    /// Whether it is in a softirq.
    pub(crate) const fn is_soft(self) -> bool {
        matches!(self, Self::SoftWork | Self::Timer | Self::SoftHrTimer)
    }

    /// Whether it is in a hard interrupt.
    pub(crate) const fn is_hard(self) -> bool {
        matches!(self, Self::HrTimer | Self::BoxHrTimer | Self::ScopedHrTimer)
    }
}

impl Hold {
    /// Whether taking it, or giving it back, may sleep.
    const fn sleeps(self) -> bool {
        matches!(
            self,
            Self::Mutex
                | Self::SemaphoreRead
                | Self::SemaphoreWrite
                | Self::Vmalloc
                | Self::Queue
                | Self::Thread
                | Self::Region
                | Self::LeftThread
        )
    }

    /// Whether nothing may sleep while it is held.
    const fn makes_atomic(self) -> bool {
        matches!(
            self,
            Self::SpinLock
                | Self::SpinLockIrq
                | Self::Read
                | Self::Write
                | Self::Rcu
                | Self::Interrupts
        )
    }
}

/// How many things are held at most.
const MOST: u32 = 6;

/// What is to happen where: `where=read hold=mutex,vec,spinlock kind=index`.
///
/// It is one word, which interrupts can take without a lock: the place, the fault, and what is held, from the outermost in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan(u64);

impl Plan {
    /// The plan of a text.
    pub(crate) fn of_text(text: &[u8]) -> Result<Self> {
        let (mut place, mut fault, mut holds) = (None, Fault::Panic, "");
        for part in core::str::from_utf8(text)?.split_ascii_whitespace() {
            match part.split_once('=') {
                Some(("where", word)) => place = Some(Place::of_word(word)?),
                Some(("kind", word)) => fault = Fault::of_word(word)?,
                Some(("hold", words)) => holds = words,
                _ => return Err(EINVAL),
            }
        }
        let place = place.ok_or(EINVAL)?;
        let mut plan = Self(place.number() | fault.number() << 8);
        let mut atomic = place.is_atomic();
        for (depth, word) in holds.split_terminator(',').enumerate() {
            let hold = Hold::of_word(word)?;
            let depth = u32::try_from(depth)?;
            if depth >= MOST || atomic && hold.sleeps() {
                return Err(EINVAL);
            }
            atomic |= hold.makes_atomic();
            plan.0 |= hold.number() << (16 + 8 * depth);
        }
        if atomic && fault == Fault::Late {
            return Err(EINVAL);
        }
        Ok(plan)
    }

    /// The plan of [`number`](Self::number); 0 is none.
    pub(crate) fn of_number(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }

    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// Where it happens.
    pub(crate) fn place(self) -> Option<Place> {
        Place::of_number(self.0)
    }

    /// What happens.
    pub(crate) fn fault(self) -> Fault {
        Fault::of_number(self.0 >> 8).unwrap_or(Fault::Nothing)
    }

    /// What is held, from a depth on.
    pub(crate) fn hold(self, depth: u32) -> Option<Hold> {
        let number = self.0.checked_shr(16 + 8 * depth)?;
        Hold::of_number(number)
    }

    /// A number that the compiler does not know: 1.
    pub(crate) fn one(self) -> usize {
        usize::from(self.place().is_some())
    }
}

#[kunit_tests(plan)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_plan() -> Result {
        let plan = Plan::of_text(b"where=read hold=mutex,vec,spinlock kind=index\n")?;
        assert!(plan.place() == Some(Place::Read) && plan.fault() == Fault::Index);
        assert!(plan.hold(0) == Some(Hold::Mutex) && plan.hold(1) == Some(Hold::Vec));
        assert!(plan.hold(2) == Some(Hold::SpinLock) && plan.hold(3).is_none());
        assert!(plan.hold(100).is_none() && plan.one() == 1);
        assert!(Plan::of_number(plan.number()) == Some(plan));
        Ok(())
    }

    #[test]
    fn what_is_no_plan_is_einval() {
        for text in [
            "",
            "read",
            "where=",
            "where=nowhere",
            "where=read hold=nothing",
            "where=read kind=nice",
            "where=read hold=spinlock,mutex",
            "where=read hold=box,box,box,box,box,box,box",
        ] {
            assert!(Plan::of_text(text.as_bytes()).err() == Some(EINVAL));
        }
    }
}
