// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the language, `core`, and the crates that the library stands on ask for: the contracts that are written
//! nowhere in this repository, each in a sentence.

use crate::operation::Call;
use crate::report::{Answer, Contract};

/// What has to hold before a pointer is read or lent out.
const VALID: &str = "the address is valid for the access, aligned and initialised, and nobody breaks the rules of \
                     references for as long as the result is used";
/// The same for values that are taken out.
const READ: &str =
    "the source is valid and initialised, and the value is not used or dropped in both places";
const WRITE: &str = "the destination is valid for writes and nobody reads it meanwhile; what was there is not dropped";
const RANGE: &str = "all of the range is valid for the access, initialised where it is read, within one object, and \
                     nobody breaks the rules of references for as long as the result is used";
const OFFSET: &str = "start and end are within the same object";
const PIN: &str = "the value does not move from now on, and is dropped where it is";
const INITIALISED: &str = "every byte of the value is initialised, to what its type may have";
const FILLER: &str = "with success the slot is initialised, with an error it is not and can be freed; the slot is \
                      not moved when the value is pinned";
const SLOT: &str = "the slot is valid for writes and not initialised; after an error nothing is in it; a pinned value \
                    is not moved out of it";
const LAYOUT: &str = "the memory has the layout that it is allocated or freed with, and is no longer used once freed";
const ATOMIC: &str =
    "the address is valid and aligned, and all who use it meanwhile do so as an atomic";
const COUNTED: &str = "the pointer came from `Arc::into_raw`, and there is an owner; what is taken off the count is used no more";
const SYSTEM: &str =
    "the addresses among the arguments are valid for what the system call does with them";
const ERASED: &str = "both types have the same size, and the bits are a value of the second";

/// Functions by what stands before the name: a type, a module, or `.` for methods.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    (".", "as_ref", VALID),
    (".", "as_mut", VALID),
    (".", "read", READ),
    (".", "read_unaligned", READ),
    (".", "read_volatile", READ),
    (".", "write", WRITE),
    (".", "write_volatile", WRITE),
    (".", "write_bytes", WRITE),
    (
        ".",
        "copy_from_nonoverlapping",
        "both ranges are valid, and do not overlap",
    ),
    (
        ".",
        "copy_to_nonoverlapping",
        "both ranges are valid, and do not overlap",
    ),
    (".", "copy_to", "both ranges are valid"),
    (".", "copy_from", "both ranges are valid"),
    (
        "intrinsics",
        "catch_unwind",
        "both functions can be called with the data, the second one after the first one panicked",
    ),
    (".", "add", OFFSET),
    (".", "sub", OFFSET),
    (".", "offset", OFFSET),
    (".", "byte_add", OFFSET),
    (".", "byte_sub", OFFSET),
    (".", "offset_from", OFFSET),
    (".", "offset_from_unsigned", OFFSET),
    (
        ".",
        "unchecked_add",
        "the result is within what the type can have",
    ),
    (
        ".",
        "unchecked_mul",
        "the result is within what the type can have",
    ),
    (
        ".",
        "unchecked_sub",
        "the result is within what the type can have",
    ),
    ("hint", "assert_unchecked", "the condition holds"),
    (".", "get_unchecked", "the index is within the bounds"),
    (
        ".",
        "get_unchecked_mut",
        "the index is within the bounds; of a pin: the value is not moved",
    ),
    (".", "map_unchecked_mut", PIN),
    (".", "map_unchecked", PIN),
    (".", "assume_init", INITIALISED),
    (".", "assume_init_ref", INITIALISED),
    (".", "assume_init_mut", INITIALISED),
    (".", "assume_init_drop", INITIALISED),
    (".", "assume_init_read", INITIALISED),
    (
        ".",
        "unwrap_unchecked",
        "it is not the variant that has nothing",
    ),
    (".", "drop_in_place", READ),
    (".", "as_mut_unchecked", VALID),
    (".", "as_ref_unchecked", VALID),
    (".", "alloc", LAYOUT),
    (".", "dealloc", LAYOUT),
    (".", "realloc", LAYOUT),
    (".", "__init", SLOT),
    (".", "__pinned_init", SLOT),
    ("ptr", "read", READ),
    ("ptr", "read_unaligned", READ),
    ("ptr", "read_volatile", READ),
    ("ptr", "write", WRITE),
    ("ptr", "write_bytes", WRITE),
    ("ptr", "write_volatile", WRITE),
    ("ptr", "copy", "both ranges are valid"),
    (
        "ptr",
        "copy_nonoverlapping",
        "both ranges are valid, and do not overlap",
    ),
    ("ptr", "drop_in_place", READ),
    ("slice", "from_raw_parts", RANGE),
    ("slice", "from_raw_parts_mut", RANGE),
    ("str", "from_utf8_unchecked", "the bytes are UTF-8"),
    ("mem", "transmute", ERASED),
    ("mem", "transmute_copy", ERASED),
    ("mem", "zeroed", "zeros are a value of the type"),
    ("hint", "unreachable_unchecked", "this is never reached"),
    ("alloc", "alloc", LAYOUT),
    ("alloc", "alloc_zeroed", LAYOUT),
    ("alloc", "dealloc", LAYOUT),
    ("alloc", "realloc", LAYOUT),
    ("", "transmute", ERASED),
    ("", "transmute_copy", ERASED),
    ("", "drop_in_place", READ),
    ("", "alloc", LAYOUT),
    ("", "dealloc", LAYOUT),
    ("", "realloc", LAYOUT),
    ("Arc", "increment_strong_count", COUNTED),
    ("Arc", "decrement_strong_count", COUNTED),
    ("ManuallyDrop", "take", READ),
    ("ManuallyDrop", "drop", READ),
    ("AtomicU8", "from_ptr", ATOMIC),
    ("AtomicU32", "from_ptr", ATOMIC),
    ("atomic", "from_ptr", ATOMIC),
    (
        "CStr",
        "from_bytes_with_nul_unchecked_mut",
        "the bytes end with their only NUL",
    ),
    ("NonNull", "new_unchecked", "the pointer is not null"),
    ("Pin", "new_unchecked", PIN),
    ("Pin", "get_unchecked_mut", "the value is not moved"),
    ("Pin", "into_inner_unchecked", PIN),
    (
        "Layout",
        "from_size_align_unchecked",
        "the alignment is a power of two, and the size rounded up to it fits an `isize`",
    ),
    (
        "CStr",
        "from_ptr",
        "a NUL-terminated string is there, and does not change for as long as the result is used",
    ),
    (
        "CStr",
        "from_bytes_with_nul_unchecked",
        "the bytes end with their only NUL",
    ),
    (
        "BorrowedFd",
        "borrow_raw",
        "the descriptor stays open for as long as it is borrowed",
    ),
    (
        "OwnedFd",
        "from_raw_fd",
        "the descriptor is open and belongs to nobody else",
    ),
    (
        "File",
        "from_raw_fd",
        "the descriptor is open and belongs to nobody else",
    ),
    ("pin_init", "pin_init_from_closure", FILLER),
    ("pin_init", "init_from_closure", FILLER),
    ("", "pin_init_from_closure", FILLER),
    ("", "init_from_closure", FILLER),
    (
        "pinned_init",
        "cast_pin_init",
        "what is initialised is a value of the other type, too",
    ),
    ("", "mmap", SYSTEM),
    ("", "mmap_anonymous", SYSTEM),
    ("", "mprotect", SYSTEM),
    ("", "munmap", SYSTEM),
    ("libc", "syscall", SYSTEM),
    ("libc", "sysconf", SYSTEM),
    ("libc", "dup2", SYSTEM),
    ("libc", "gettid", SYSTEM),
    ("libc", "ioctl", SYSTEM),
    ("libc", "sigaction", SYSTEM),
];

/// Traits that are unsafe to implement.
const TRAITS: &[(&str, &str)] = &[
    (
        "Send",
        "the value may be used and dropped on another thread",
    ),
    (
        "Sync",
        "a reference to the value may be used on another thread",
    ),
    (
        "PinCoerceUnsized",
        "it derefs to the same value each time, and moves nothing out of it",
    ),
    (
        "GlobalAlloc",
        "the memory that it gives has the layout asked for, and belongs to nobody else",
    ),
    ("Zeroable", "zeros are a value of the type"),
    ("ZeroableOption", "zeros are `None`"),
    ("PinInit", FILLER),
    ("Init", FILLER),
    (
        "HasPinData",
        "`__PinData` has the projections of exactly the fields that are pinned",
    ),
    ("HasInitData", "`__InitData` says the type itself"),
    (
        "PinData",
        "`Datee` is the type that has this as its `__PinData`",
    ),
    (
        "InitData",
        "`Datee` is the type that has this as its `__InitData`",
    ),
    (
        "PinnedDrop",
        "`drop` is called once, by the type's own `Drop`",
    ),
];

fn known(of: String, says: &str) -> Contract {
    Contract {
        of,
        at: None,
        says: Some(says.to_owned()),
    }
}

/// The contract of a call, if it is one of these.
pub(crate) fn calling(call: &Call) -> Option<Contract> {
    let of = if call.method {
        "."
    } else {
        call.of.as_deref().unwrap_or("")
    };
    let fits = |entry: &&(&str, &str, &str)| entry.0 == of && (entry.1 == call.name);
    let (of, name, says) = FUNCTIONS.iter().find(fits)?;
    let separator = if matches!(*of, "." | "") { "" } else { "::" };
    Some(known(format!("{of}{separator}{name}"), says))
}

/// The contract of a trait, if it is one of these.
pub(crate) fn implementing(name: &str) -> Option<Contract> {
    let (name, says) = TRAITS.iter().find(|entry| entry.0 == name)?;
    Some(known((*name).to_owned(), says))
}

/// What a read through a pointer asks for.
pub(crate) fn dereference() -> Answer {
    Answer {
        operation: "*".to_owned(),
        contracts: vec![known("*".to_owned(), VALID)],
    }
}

/// What assembly asks for.
pub(crate) fn assembly() -> Answer {
    let says = "it changes nothing that its operands and options do not name";
    Answer {
        operation: "asm!".to_owned(),
        contracts: vec![known("asm!".to_owned(), says)],
    }
}

/// What a function asks for that has no name here.
pub(crate) fn pointer() -> Answer {
    let says = "what the function asks for whose address or name this is";
    Answer {
        operation: "a function that it was given".to_owned(),
        contracts: vec![known("a function that it was given".to_owned(), says)],
    }
}
