// SPDX-License-Identifier: MIT OR Apache-2.0

//! A machine whose clock counts instructions: nothing but them takes time.

mod common;

use std::time::{Duration, Instant};

use common::{commands, run, vm};
use koxide_vm::{Acceleration, Payload, Plan};

/// How long the machine sleeps by its own clock.
const SLEEP: Duration = Duration::from_secs(2000);

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn sleep_takes_no_time_and_the_clock_knows_of_it() {
    let mut vm = vm();
    vm.machine.acceleration = Acceleration::Counted;
    // Boots take longer where instructions are counted.
    vm.machine.slowness = 4;
    let sleep = SLEEP.as_secs().to_string();
    let mut plan = commands([&["sleep", &sleep], &["cat", "/proc/uptime"], &["nproc"]]);
    if let Plan::Commands { limit, .. } = &mut plan {
        *limit = Some(2 * SLEEP);
    }
    let start = Instant::now();
    let (report, said) = run(&vm, &plan, &Payload::default());
    assert!(report.success());
    assert!(start.elapsed() < SLEEP / 2, "{:?}", start.elapsed());
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let words: Vec<&str> = said.split_whitespace().collect();
    let uptime: f64 = words[0].parse().unwrap();
    assert!(uptime > SLEEP.as_secs_f64(), "{uptime}");
    assert_eq!(words.last(), Some(&"1"));
}
