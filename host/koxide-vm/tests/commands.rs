// SPDX-License-Identifier: MIT OR Apache-2.0

//! Commands in a machine: their output, and how they end.

mod common;

use common::{commands, run, vm};
use koxide_vm::{Exit, Payload};

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_commands_output_and_status_come_back() {
    let mut plan = commands([
        &["uname", "-r"],
        &["sh", "-c", "echo out; echo err >&2; exit 3"],
    ]);
    if let koxide_vm::Plan::Commands { steps, .. } = &mut plan {
        steps[0].keep_going = true;
    }
    let vm = vm();
    let (report, said) = run(&vm, &plan, &Payload::default());
    let expected = format!("{}\nout\n", vm.kernel.release);
    assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
    assert_eq!(String::from_utf8_lossy(&said.stderr), "err\n");
    assert_eq!(report.steps[1].exit, Exit::Status(3));
    eprintln!("boot {:?}, all {:?}", report.boots, report.duration);
}
