// SPDX-License-Identifier: MIT OR Apache-2.0

//! System calls as 32-bit programs make them, on a 64-bit machine.

use std::fs::File;

use crate::Errno;

/// Whether the machine runs 32-bit programs beside its own.
pub fn is_there() -> bool {
    match std::env::consts::ARCH {
        "x86_64" => true,
        // Kernels with large pages do not: those programs expect small ones.
        "aarch64" => crate::sys::page() == 4096,
        _ => false,
    }
}

/// `ioctl(2)` with a number, as a 32-bit program makes it.
pub(crate) fn ioctl(file: &File, request: u32, argument: u32) -> Result<i32, Errno> {
    if !is_there() {
        return Err(Errno::ENOSYS);
    }
    #[cfg(target_arch = "x86_64")]
    return crate::sys::ioctl_compat(file, request, argument);
    #[cfg(target_arch = "aarch64")]
    return program::ioctl(file, request, argument);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = (file, request, argument);
        Err(Errno::ENOSYS)
    }
}

/// 64-bit ARM has no way from one kind of program into the other: the request is made by a program of its own.
#[cfg(any(target_arch = "aarch64", test))]
mod program {
    use std::fs::{self, File};
    use std::io;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use crate::Errno;

    /// The instructions, for 32-bit ARM: `ioctl(0, REQUEST, ARGUMENT)`, what it returns to the standard output, the end.
    /// The request and the argument follow.
    const CODE: [u32; 14] = [
        0xe59f_1030, // ldr r1, REQUEST
        0xe59f_2030, // ldr r2, ARGUMENT
        0xe3a0_0000, // mov r0, #0
        0xe3a0_7036, // mov r7, #54: ioctl
        0xef00_0000, // svc #0
        0xe52d_0004, // push {r0}
        0xe3a0_0001, // mov r0, #1
        0xe1a0_100d, // mov r1, sp
        0xe3a0_2004, // mov r2, #4
        0xe3a0_7004, // mov r7, #4: write
        0xef00_0000, // svc #0
        0xe3a0_0000, // mov r0, #0
        0xe3a0_7001, // mov r7, #1: exit
        0xef00_0000, // svc #0
    ];

    /// Where the program is in its memory.
    const ADDRESS: u32 = 0x1_0000;

    /// How long the headers are.
    const HEADERS: u32 = 52 + 32;

    /// The whole program: an ELF header, one segment with all of it, the instructions and their numbers.
    pub(super) fn file(request: u32, argument: u32) -> Vec<u8> {
        let length = HEADERS + 4 * u32::try_from(CODE.len()).expect("a short program") + 8;
        let mut bytes = b"\x7fELF\x01\x01\x01".to_vec();
        bytes.resize(16, 0);
        // An executable (2) for ARM (40), whose sizes and counts of headers are halves of words.
        let header = [
            2 | 40 << 16,
            1,
            ADDRESS + HEADERS,
            52,
            0,
            0x0500_0000,
            52 | 32 << 16,
            1,
            0,
        ];
        // To be loaded (1), to be read and run (5).
        let segment = [1, 0, ADDRESS, ADDRESS, length, length, 5, 0x1_0000];
        let words = header.iter().chain(&segment).chain(&CODE);
        for word in words.chain(&[request, argument]) {
            bytes.extend(word.to_le_bytes());
        }
        bytes
    }

    #[cfg_attr(test, allow(dead_code, reason = "the program runs on ARM only"))]
    pub(super) fn ioctl(file: &File, request: u32, argument: u32) -> Result<i32, Errno> {
        let errno = |error: io::Error| Errno::of(&error).unwrap_or(Errno::EIO);
        let thread = std::thread::current().id();
        let path = format!("/tmp/compat-{}-{thread:?}", std::process::id());
        fs::write(&path, self::file(request, argument)).map_err(errno)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(errno)?;
        let mut command = Command::new(&path);
        let command = command.stdin(Stdio::from(file.try_clone().map_err(errno)?));
        let output = command.output();
        fs::remove_file(&path).map_err(errno)?;
        let answer = output.map_err(errno)?.stdout;
        let answer = <[u8; 4]>::try_from(answer).map_err(|_| Errno::EIO)?;
        match i32::from_le_bytes(answer) {
            value @ -4095..0 => Err(Errno(-value)),
            value => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_asked_of_what_is_none() {
        let null = File::open("/dev/null").unwrap();
        let expected = if is_there() {
            Errno::ENOTTY
        } else {
            Errno::ENOSYS
        };
        assert_eq!(ioctl(&null, 0x5401, 0), Err(expected));
    }

    #[test]
    fn the_program_is_as_long_as_it_says() {
        let file = program::file(7, 9);
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!(word(52 + 16) as usize, file.len());
        assert_eq!((word(file.len() - 8), word(file.len() - 4)), (7, 9));
        // The first two instructions read what is 0x38 and 0x3c behind the first one.
        assert_eq!(word(52 + 32 + 0x38), 7);
    }
}
