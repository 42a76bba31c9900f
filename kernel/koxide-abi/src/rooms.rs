// SPDX-License-Identifier: GPL-2.0-only

//! How much room Rust values have for kernel objects inside of them.
//!
//! The sizes in this crate are enough for every kernel that is not built to look for faults. One that is, with lock
//! debugging for example, has larger objects. For such a kernel the library is compiled with a text in the variable
//! `KOXIDE_ROOMS`, such as `MUTEX_ROOM=160,SPINLOCK_ROOM=72`, which says what the kernel's own headers say
//! (`probe/rooms.c`). The object that comes of it is for kernels with these sizes only.

/// The sizes of which the stock ones are not enough.
const LARGER: &[u8] = match option_env!("KOXIDE_ROOMS") {
    Some(text) => text.as_bytes(),
    None => b"",
};

/// Declares how many bytes are reserved, unless the kernel that this is compiled for needs more.
macro_rules! rooms {
    ($($(#[doc = $doc:expr])* pub const $name:ident: usize = $stock:literal;)*) => {$(
        $(#[doc = $doc])*
        pub const $name: usize = $crate::rooms::room(stringify!($name), $stock);
    )*};
}

/// The size that the text has for a name, else the stock one.
pub(crate) const fn room(name: &str, stock: usize) -> usize {
    look_up(LARGER, name.as_bytes(), stock)
}

const fn look_up(text: &[u8], name: &[u8], stock: usize) -> usize {
    let mut at = 0;
    while at < text.len() {
        let mut same = 0;
        while same < name.len() && at + same < text.len() && text[at + same] == name[same] {
            same += 1;
        }
        let found = same == name.len() && at + same < text.len() && text[at + same] == b'=';
        let mut size = 0;
        while at < text.len() && text[at] != b',' {
            if found && text[at].is_ascii_digit() {
                size = size * 10 + (text[at] - b'0') as usize;
            }
            at += 1;
        }
        if found {
            return size;
        }
        at += 1;
    }
    stock
}

/// How long the record of the sizes is: nothing is recorded of stock ones.
const RECORD_LEN: usize = match LARGER.len() {
    0 => 0,
    len => b"rooms=".len() + len + 1,
};

/// Tells who writes the object's C file what it was compiled with, so that the shims are checked against it.
#[cfg_attr(target_os = "none", unsafe(link_section = ".koxide.info"))]
#[used]
static RECORD: [u8; RECORD_LEN] = record(LARGER);

/// `rooms=`, the sizes, and a NUL; or nothing.
const fn record<const LEN: usize>(sizes: &[u8]) -> [u8; LEN] {
    const KEY: &[u8] = b"rooms=";
    let mut record = [0; LEN];
    let mut at = 0;
    while at + 1 < LEN {
        record[at] = if at < KEY.len() {
            KEY[at]
        } else {
            sizes[at - KEY.len()]
        };
        at += 1;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::{look_up, record};

    #[test]
    fn a_record_says_what_the_sizes_are() {
        assert_eq!(&record::<16>(b"MUTEX=160"), b"rooms=MUTEX=160\0");
        assert_eq!(&record::<0>(b""), b"");
    }

    #[test]
    fn sizes_are_looked_up_by_their_whole_names() {
        let text = b"WORK_ROOM=80,MUTEX_ROOM=160,A_WORK_ROOM=7";
        assert_eq!(look_up(text, b"WORK_ROOM", 32), 80);
        assert_eq!(look_up(text, b"MUTEX_ROOM", 32), 160);
        assert_eq!(look_up(text, b"A_WORK_ROOM", 32), 7);
        for other in [&b"ROOM"[..], b"MUTEX", b"DELAYED_WORK_ROOM"] {
            assert_eq!(look_up(text, other, 96), 96);
        }
        assert_eq!(look_up(b"", b"WORK_ROOM", 32), 32);
    }
}
