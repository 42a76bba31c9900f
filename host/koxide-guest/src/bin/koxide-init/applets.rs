// SPDX-License-Identifier: MIT OR Apache-2.0

//! The small tools that this program is under other names.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use koxide_guest::{Errno, Module, ioctl, module, terminal};

/// Runs the tool that the first argument names.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let words: Vec<&str> = arguments
        .iter()
        .enumerate()
        .map(|(i, a)| match i {
            0 => a.rsplit('/').next().unwrap_or(a),
            _ => a,
        })
        .collect();
    let result = match words.as_slice() {
        ["insmod", name, params @ ..] => insmod(name, &params.join(" ")),
        ["rmmod", name] => rmmod(name),
        ["ioctl", file, number] => request(file, number, None),
        ["ioctl", file, number, argument] => request(file, number, Some(argument)),
        ["session", rows, columns, program, rest @ ..] => session(rows, columns, program, rest),
        _ => {
            Err("usage: insmod NAME [PARAM=VALUE...] | rmmod NAME | ioctl FILE NR [ARG]".to_owned())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(words.first().unwrap_or(&"koxide-init"), &message),
    }
}

/// Says why a tool failed.
pub(crate) fn fail(name: &str, message: &str) -> ExitCode {
    eprintln!("{name}: {message}");
    ExitCode::FAILURE
}

fn insmod(file: &str, params: &str) -> Result<(), String> {
    // By its path too, as people are used to.
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".ko").unwrap_or(name);
    let loaded = Module::load(name, params).map_err(|errno| format!("{name}: {errno}"))?;
    loaded.keep();
    Ok(())
}

fn rmmod(name: &str) -> Result<(), String> {
    module::remove(name).map_err(|errno| format!("{name}: {errno}"))
}

/// Makes an ioctl and prints what it returned.
fn request(file: &str, number: &str, argument: Option<&str>) -> Result<(), String> {
    let number = parse(number).and_then(|n| u32::try_from(n).ok());
    let number = number.ok_or("the request is no number of 32 bits")?;
    let argument = match argument {
        Some(text) => Some(parse(text).ok_or("the argument is no number")?),
        None => None,
    };
    let opened = OpenOptions::new().read(true).write(true).open(file);
    let device = opened
        .or_else(|_| File::open(file))
        .map_err(|error| format!("{file}: {error}"))?;
    let answer = if ioctl::has_argument(number) {
        with_buffer(&device, number, argument.unwrap_or_default())
    } else {
        let argument = argument.unwrap_or_default();
        ioctl::value(&device, number, argument as usize).map(|value| value.to_string())
    };
    println!("{}", answer.map_err(|errno: Errno| errno.to_string())?);
    Ok(())
}

/// The argument goes into, and the answer comes from, as many bytes as the request's number tells.
fn with_buffer(device: &File, number: u32, argument: u64) -> Result<String, Errno> {
    let mut buffer = vec![0; ioctl::size(number)];
    let length = buffer.len().min(8);
    buffer[..length].copy_from_slice(&argument.to_le_bytes()[..length]);
    let value = ioctl::bytes(device, number, &mut buffer)?;
    let reads = number >> 31 != 0;
    if !reads {
        return Ok(value.to_string());
    }
    let mut bytes = [0; 8];
    bytes[..length].copy_from_slice(&buffer[..length]);
    let answer = match length {
        4 => i64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        _ => i64::from_le_bytes(bytes),
    };
    Ok(answer.to_string())
}

/// A number as C writes it, negative ones included.
fn parse(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    text.parse::<u64>()
        .ok()
        .or_else(|| text.parse::<i64>().ok().map(i64::cast_unsigned))
}

/// Becomes a program that has the terminal on standard input to itself.
fn session(rows: &str, columns: &str, program: &str, rest: &[&str]) -> Result<(), String> {
    nix::unistd::setsid().map_err(|errno| errno.to_string())?;
    let size = |text: &str| text.parse().unwrap_or_default();
    terminal::take(size(rows), size(columns)).map_err(|errno| errno.to_string())?;
    Err(Command::new(program).args(rest).exec().to_string())
}
