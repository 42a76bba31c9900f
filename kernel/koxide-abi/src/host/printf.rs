// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel's `vsnprintf` does with the conversions that the library uses: Documentation/core-api/printk-formats.rst.

use core::ffi::{CStr, c_char};

use crate::Value;

/// Splits a level off a message: 0 to 7, or 8 to continue.
///
/// # Safety
///
/// The message is a C string that begins with a level.
pub(super) unsafe fn level(message: *const c_char) -> (u32, *const c_char) {
    // SAFETY: it is a C string.
    let [1, level, ..] = (unsafe { CStr::from_ptr(message) }).to_bytes() else {
        panic!("a message without a level");
    };
    let number = char::from(*level).to_digit(10).unwrap_or(8);
    (number, message.wrapping_add(2))
}

/// Formats a message.
///
/// # Safety
///
/// The format is a C string for these values, whose memory is readable.
pub(super) unsafe fn text(format: *const c_char, values: &[Value]) -> Vec<u8> {
    // SAFETY: it is a C string.
    let format = unsafe { CStr::from_ptr(format) }
        .to_str()
        .expect("a format string is text");
    let mut out = Vec::new();
    let mut values = values.iter().copied();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('%') {
            out.push(b'%');
            rest = after;
            continue;
        }
        let end = after.find(|c: char| c.is_ascii_alphabetic() && c != 'l');
        let (spec, after) = after.split_at(end.expect("a conversion") + 1);
        rest = after;
        let mut next = || values.next().expect("a value for each conversion");
        match spec {
            "s" | ".*s" => {
                let precision = if spec == "s" { None } else { Some(next()) };
                // SAFETY: it is a C string, or there are as many bytes as the precision says.
                out.extend_from_slice(unsafe { bytes(next(), precision) });
            }
            _ => {
                let Value::Number(number) = next() else {
                    panic!("no number for %{spec}");
                };
                out.extend(digits(spec, number).bytes());
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    assert!(
        values.next().is_none(),
        "more values than conversions: {format}"
    );
    out
}

/// The bytes of a text.
///
/// # Safety
///
/// It is a C string, or readable for as many bytes as the precision says.
unsafe fn bytes<'a>(text: Value, precision: Option<Value>) -> &'a [u8] {
    let Value::Pointer(text) = text else {
        panic!("no address of a text");
    };
    match precision {
        // SAFETY: it is a C string.
        None => unsafe { CStr::from_ptr(text.cast()) }.to_bytes(),
        Some(Value::Number(len)) => {
            let len = usize::try_from(len).expect("a length");
            // SAFETY: it is readable for so many bytes.
            let text = unsafe { core::slice::from_raw_parts(text, len) };
            text.split(|byte| *byte == 0).next().unwrap_or_default()
        }
        Some(Value::Pointer(_)) => panic!("no length of a text"),
    }
}

/// A number, as `spec` says.
fn digits(spec: &str, number: i128) -> String {
    let flags = spec.trim_start_matches(['-', '+', '#', '0']);
    let has = |flag| spec[..spec.len() - flags.len()].contains(flag);
    let kind = flags.trim_start_matches(|c: char| c.is_ascii_digit());
    let width: usize = flags[..flags.len() - kind.len()].parse().unwrap_or(0);
    let digits = match kind.trim_start_matches('l') {
        "d" | "u" => number.unsigned_abs().to_string(),
        "x" => format!("{number:x}"),
        "X" => format!("{number:X}"),
        "o" => format!("{number:o}"),
        _ => panic!("what is %{spec}?"),
    };
    let sign = match number < 0 {
        true => "-",
        false if has('+') => "+",
        false if has('#') => "0x",
        false => "",
    };
    let missing = width.saturating_sub(sign.len() + digits.len());
    if has('-') {
        format!("{sign}{digits}{:missing$}", "")
    } else if has('0') {
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{:missing$}{sign}{digits}", "")
    }
}
