// SPDX-License-Identifier: GPL-2.0-only

//! What happens when a driver panics: the log says where and why, and the kernel stops this thread.
//!
//! Nothing is formatted here. Whatever the handler can format, each module that may panic has code for, and the values in the
//! compiler's own messages alone would bring most of `core::fmt`. So a message is written as it stands in the source, with `{}`
//! for each value: `index out of bounds: the len is {} but the index is {}`.

#![allow(unsafe_code, reason = "what core keeps to itself, and the C edge")]

pub(crate) mod template;

#[cfg(all(target_os = "none", panic = "unwind"))]
use core::ffi::CStr;
#[cfg(target_os = "none")]
use core::panic::{Location, PanicInfo};

#[cfg(target_os = "none")]
use template::{message_of, parts};

/// Writes `<module>: panicked at <file>:<line>: <message>` to the log and calls `BUG()`.
///
/// The values of a message are on the stack of who panics, and with them the functions that format them. The optimiser drops
/// both, if it knows that nobody reads them. `nomem` says so: what [`report`] reads are constants.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let [template, args] = parts(message_of(info));
    let place = info
        .location()
        .map_or(core::ptr::null(), core::ptr::from_ref);
    #[cfg(panic = "unwind")]
    if info.can_unwind() {
        crate::unwind::raise(template, args, place.cast());
    }
    // SAFETY: the function is one of C's convention with these arguments; it does not return, and what it reads is constant.
    unsafe {
        core::arch::asm!(
            #[cfg(target_arch = "x86_64")]
            "call {report}",
            #[cfg(not(target_arch = "x86_64"))]
            "bl {report}",
            // The address that it would return to is this function's, in a stack trace.
            #[cfg(not(target_arch = "x86_64"))]
            "udf #0",
            report = sym report,
            #[cfg(target_arch = "x86_64")]
            in("rdi") template,
            #[cfg(target_arch = "x86_64")]
            in("rsi") args,
            #[cfg(target_arch = "x86_64")]
            in("rdx") place,
            #[cfg(target_arch = "aarch64")]
            in("x0") template,
            #[cfg(target_arch = "aarch64")]
            in("x1") args,
            #[cfg(target_arch = "aarch64")]
            in("x2") place,
            #[cfg(target_arch = "arm")]
            in("r0") template,
            #[cfg(target_arch = "arm")]
            in("r1") args,
            #[cfg(target_arch = "arm")]
            in("r2") place,
            // Where this one would return to is kept, for the kernel to go on from in a stack trace.
            #[cfg(target_arch = "arm")]
            lateout("lr") _,
            options(nomem),
        );
    }
    // SAFETY: the function does not return.
    unsafe { core::hint::unreachable_unchecked() }
}

/// Format strings that are longer are cut.
#[cfg(target_os = "none")]
const LONGEST: usize = 128;

/// The handler's other half, for which the values are gone.
///
/// # Safety
///
/// The first two are the parts of a message, the third is its place, or null.
#[cfg(target_os = "none")]
#[optimize(size)]
pub(crate) unsafe extern "C" fn report(
    template: *const u8,
    args: *const u8,
    place: *const Location<'static>,
) -> ! {
    // No memory is allocated here, whatever the state of the thread.
    let mut room = [0; LONGEST];
    // SAFETY: they are the parts of a message.
    let text = unsafe { template::text(template, args, &mut room) };
    // SAFETY: it is null or a place, all of which are constants.
    let place = unsafe { place.as_ref() };
    let (file, line) = place.map_or(("?", 0), |at| (at.file(), at.line()));
    loop {
        // SAFETY: both texts are readable for their lengths; that this thread is lost is the intent.
        unsafe { koxide_abi::kx_panic(file.as_ptr(), file.len(), line, text.as_ptr(), text.len()) };
    }
}

/// Writes to the log what was under way when another panic came.
///
/// # Safety
///
/// The first two are the parts of a message, the third is its place, or null.
#[cfg(all(target_os = "none", panic = "unwind"))]
#[optimize(size)]
pub(crate) unsafe fn was_first(
    template: *const u8,
    args: *const u8,
    place: *const Location<'static>,
) {
    let mut room = [0; LONGEST];
    // SAFETY: they are the parts of a message.
    let text = unsafe { template::text(template, args, &mut room) };
    // SAFETY: it is null or a place, all of which are constants.
    let place = unsafe { place.as_ref() };
    let (file, line) = place.map_or((c"?", 0), |at| (at.file_as_c_str(), at.line()));
    // SAFETY: the text is readable for its length, and the other is a string.
    unsafe { koxide_abi::kx_panic_was_first(file.as_ptr(), line, text.as_ptr(), text.len()) };
}

/// Writes to the log what was contained: in which function, what that answered, and what is poisoned.
///
/// # Safety
///
/// The first two are the parts of a message, the third is its place, or null.
#[cfg(all(target_os = "none", panic = "unwind"))]
#[optimize(size)]
pub(crate) unsafe fn contained(
    template: *const u8,
    args: *const u8,
    place: *const Location<'static>,
    words: [&CStr; 3],
) {
    let mut room = [0; LONGEST];
    // SAFETY: they are the parts of a message.
    let text = unsafe { template::text(template, args, &mut room) };
    // SAFETY: it is null or a place, all of which are constants.
    let place = unsafe { place.as_ref() };
    let (file, line) = place.map_or((c"?", 0), |at| (at.file_as_c_str(), at.line()));
    let [callback, answer, poisoned] = words.map(CStr::as_ptr);
    // SAFETY: the text is readable for its length, and the others are strings.
    unsafe {
        koxide_abi::kx_panic_contained(
            file.as_ptr(),
            line,
            text.as_ptr(),
            text.len(),
            callback,
            answer,
            poisoned,
        );
    };
}
