// SPDX-License-Identifier: GPL-2.0-only

//! What happens when a driver panics: the way up begins, or the log says where and why, and the kernel stops this thread.
//!
//! Nothing is formatted here. Whatever the handler can format, each module that may panic has code for, and the values in the
//! compiler's own messages alone would bring most of `core::fmt`. So a message is written as it stands in the source, with `{}`
//! for each value: `index out of bounds: the len is {} but the index is {}`. `values.rs` is for objects that are built to find
//! mistakes, and have all that.

#![allow(unsafe_code, reason = "what core keeps to itself, and the C edge")]

pub(crate) mod template;
#[cfg(any(koxide_values, test))]
pub(crate) mod values;

#[cfg(target_os = "none")]
use core::ffi::{CStr, c_char};
#[cfg(target_os = "none")]
use core::panic::{Location, PanicInfo};

#[cfg(target_os = "none")]
use crate::entry::callback::Words;
#[cfg(target_os = "none")]
use template::message_of;
#[cfg(all(target_os = "none", not(koxide_values)))]
use template::parts;
#[cfg(all(target_os = "none", koxide_values))]
use values::parts;

/// Starts the way up, or writes `<module>: panicked at <file>:<line>: <message>` to the log and calls `BUG()`.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let [template, args] = parts(message_of(info));
    let place = core::ptr::from_ref(info.location().unwrap_or(Location::caller()));
    #[cfg(panic = "unwind")]
    if !crate::module::OnPanic::Bug.is_chosen() {
        crate::unwind::raise(template, args, place.cast(), info.can_unwind());
    }
    abort(template, args, place.cast())
}

/// Calls [`report`].
///
/// The values of a message are on the stack of who panics, and with them the functions that format them. The optimiser drops
/// both, if it knows that nobody reads them. `nomem` says so: what is read are constants.
#[cfg(target_os = "none")]
#[inline(always)]
fn abort(template: *const u8, args: *const u8, place: *const u8) -> ! {
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

/// The handler's other half, for which the values are gone.
///
/// # Safety
///
/// The first two are the parts of a message, the third is its place.
#[cfg(target_os = "none")]
#[optimize(size)]
unsafe extern "C" fn report(
    template: *const u8,
    args: *const u8,
    place: &'static Location<'static>,
) -> ! {
    let text = &raw const koxide_abi::kx_text_panicked;
    // SAFETY: they are the parts of a message, and the text is one of those.
    unsafe { tell(text, template, args, place, &Words::NONE, c"") };
    end()
}

/// Stops this thread.
#[cfg(target_os = "none")]
#[inline(always)]
pub(crate) fn end() -> ! {
    loop {
        // SAFETY: that this thread is lost is the intent.
        unsafe { koxide_abi::kx_panic() };
    }
}

/// Format strings that are longer are cut.
#[cfg(target_os = "none")]
const LONGEST: usize = 128;

/// Writes a message to the log, with one of the shims' texts, and what that has besides.
///
/// # Safety
///
/// The text is one of those, `template` and `args` are the parts of a message.
#[cfg(target_os = "none")]
#[inline(always)]
pub(crate) unsafe fn tell(
    text: *const c_char,
    template: *const u8,
    args: *const u8,
    place: &'static Location<'static>,
    words: &Words,
    poisoned: &CStr,
) {
    // No memory is allocated here, whatever the state of the thread.
    let mut room = [0; LONGEST];
    // SAFETY: they are the parts of a message.
    let message = unsafe { template::text(template, args, &mut room) };
    // vsnprintf warns of a precision with more bits; the log has room for less anyway.
    let len = message.len().min(i16::MAX as usize) as i32;
    let file = place.file_as_c_str().as_ptr();
    let line = place.line();
    let Words { name, answer } = words;
    let [name, answer, poisoned] = [name, answer, poisoned].map(CStr::as_ptr);
    // SAFETY: the text has these values.
    unsafe {
        koxide_abi::variadic!(
            kx_printk(text; name, file, line, len, message.as_ptr(), answer, poisoned)
        );
    }
}
