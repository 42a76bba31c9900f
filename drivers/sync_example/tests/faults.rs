// SPDX-License-Identifier: GPL-2.0-only

//! What the threads and the timer do when there is no memory.
#![forbid(unsafe_code)]

use std::thread;
use std::time::Duration;

use koxide_guest::{Errno, faults};

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_its_init_may_fail() {
    faults::load("sync_example", "").unload();
}

/// The threads allocate when the init is over, too.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_its_threads_may_fail() {
    let params = "kx_fail_everywhere=1 parcels=6 period_ms=10";
    let mut late = 0;
    for number in 1.. {
        let driver = match faults::load_failing("sync_example", params, number) {
            Ok(driver) => driver,
            Err(Errno::ENOMEM) => continue,
            Err(errno) => panic!("allocation {number}: {errno}"),
        };
        thread::sleep(Duration::from_millis(150));
        let failed = driver.failed();
        driver.unload();
        if failed == 0 {
            break;
        }
        late += failed;
    }
    // Room for parcels.
    assert!(late > 0);
}
