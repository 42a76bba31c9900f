// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many processes at once: a test that starts itself again.

use std::env;
use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

/// Tells a process which one of the crowd it is.
const MEMBER: &str = "KOXIDE_CROWD_MEMBER";

/// Which process of a crowd this is; none for the test itself, which then calls [`gather`].
///
/// ```no_run
/// use koxide_guest::{Module, crowd};
///
/// fn many_processes_at_once() {
///     if let Some(member) = crowd::member() {
///         assert!(member < 64, "what each one does");
///         return;
///     }
///     let module = Module::load("yes_chardev", "").unwrap();
///     crowd::gather(64);
///     module.unload().unwrap();
/// }
/// ```
pub fn member() -> Option<usize> {
    env::var(MEMBER).ok()?.parse().ok()
}

/// Starts this process again, with the same arguments, as a member of a crowd.
///
/// # Panics
/// When it cannot be started.
pub fn start(member: usize) -> Child {
    spawn(member, Stdio::null())
}

/// The same, and the process inherits an open file: as its standard input, whatever else the file can do.
///
/// The descriptor is a duplicate: it is the same open file, with one position.
///
/// # Panics
/// When it cannot be started.
pub fn start_with(member: usize, file: &File) -> Child {
    let file = file.try_clone().expect("a descriptor can be duplicated");
    spawn(member, file.into())
}

/// What [`start_with`] gave this process.
///
/// # Panics
/// When standard input cannot be duplicated.
pub fn inherited() -> File {
    let file = std::io::stdin().as_fd().try_clone_to_owned();
    file.expect("a descriptor can be duplicated").into()
}

fn spawn(member: usize, stdin: Stdio) -> Child {
    let program = env::current_exe().expect("this process has a program");
    Command::new(program)
        .args(env::args_os().skip(1))
        .env(MEMBER, member.to_string())
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process can be started")
}

/// Starts this process again `count` times, with the same arguments, and waits until all of them have ended.
///
/// # Panics
/// When one cannot be started or fails: what it printed is in the panic's message.
pub fn gather(count: usize) {
    let crowd: Vec<Child> = (0..count).map(start).collect();
    for (member, child) in crowd.into_iter().enumerate() {
        let output = child.wait_with_output().expect("a child can be waited for");
        assert!(
            output.status.success(),
            "process {member} of {count}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_a_member_of_a_crowd_that_was_not_gathered() {
        assert_eq!(member(), None);
    }
}
