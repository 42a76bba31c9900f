// SPDX-License-Identifier: GPL-2.0-only

//! The numbers of ioctl commands: include/uapi/asm-generic/ioctl.h.

#![allow(non_snake_case, reason = "the names are C's")]

const NR_BITS: u32 = 8;
const TYPE_BITS: u32 = 8;
const SIZE_BITS: u32 = 14;
const DIR_BITS: u32 = 2;

const TYPE_SHIFT: u32 = NR_BITS;
const SIZE_SHIFT: u32 = TYPE_SHIFT + TYPE_BITS;
const DIR_SHIFT: u32 = SIZE_SHIFT + SIZE_BITS;

const NONE: u32 = 0;
const WRITE: u32 = 1;
const READ: u32 = 2;

/// The low `bits` bits, all set.
const fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// Puts a command together; a part that is too large does not compile, since commands are constants.
const fn _IOC(dir: u32, ty: u32, nr: u32, size: usize) -> u32 {
    assert!(dir <= mask(DIR_BITS));
    assert!(ty <= mask(TYPE_BITS));
    assert!(nr <= mask(NR_BITS));
    assert!(size <= mask(SIZE_BITS) as usize);
    dir << DIR_SHIFT | (size as u32) << SIZE_SHIFT | ty << TYPE_SHIFT | nr
}

/// A command without an argument.
pub const fn _IO(ty: u32, nr: u32) -> u32 {
    _IOC(NONE, ty, nr, 0)
}

/// A command from which user space reads a `T`.
pub const fn _IOR<T>(ty: u32, nr: u32) -> u32 {
    _IOC(READ, ty, nr, size_of::<T>())
}

/// A command to which user space writes a `T`.
pub const fn _IOW<T>(ty: u32, nr: u32) -> u32 {
    _IOC(WRITE, ty, nr, size_of::<T>())
}

/// A command to which user space writes a `T`, and from which it reads one.
pub const fn _IOWR<T>(ty: u32, nr: u32) -> u32 {
    _IOC(READ | WRITE, ty, nr, size_of::<T>())
}

/// The direction of a command: 1 user space writes, 2 it reads, 3 both, 0 neither.
pub const fn _IOC_DIR(cmd: u32) -> u32 {
    cmd >> DIR_SHIFT & mask(DIR_BITS)
}

/// The type of a command: the letter that its driver uses.
pub const fn _IOC_TYPE(cmd: u32) -> u32 {
    cmd >> TYPE_SHIFT & mask(TYPE_BITS)
}

/// The number of a command.
pub const fn _IOC_NR(cmd: u32) -> u32 {
    cmd & mask(NR_BITS)
}

/// The size of a command's argument in bytes.
pub const fn _IOC_SIZE(cmd: u32) -> usize {
    (cmd >> SIZE_SHIFT & mask(SIZE_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_c() {
        // FIONREAD's relatives in the uapi headers: BLKGETSIZE64, VIDIOC_QUERYCAP, RTC_AIE_ON, TUNSETIFF.
        assert_eq!(_IOR::<usize>(0x12, 114), 0x8008_1272);
        assert_eq!(_IOR::<[u8; 104]>('V' as u32, 0), 0x8068_5600);
        assert_eq!(_IO('p' as u32, 1), 0x7001);
        assert_eq!(_IOW::<i32>('T' as u32, 202), 0x4004_54ca);
        assert_eq!(_IOWR::<[u8; 64]>('d' as u32, 0), 0xc040_6400);
    }

    #[test]
    fn a_command_can_be_taken_apart() {
        let cmd = _IOWR::<u64>('|' as u32, 0x81);
        assert_eq!(
            (_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), _IOC_SIZE(cmd)),
            (3, 0x7c, 0x81, 8)
        );
    }
}
