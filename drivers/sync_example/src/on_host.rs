// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use std::time::Duration;

use kernel::fake;

use super::SyncExample;

#[test]
fn all_parcels_arrive() {
    let module = fake::load::<SyncExample>().unwrap();
    let mut log = std::vec::Vec::new();
    while !log
        .iter()
        .any(|line| line == "sync_example: finished: total 6")
    {
        std::thread::sleep(Duration::from_millis(20));
        log.extend(module.log());
    }
    for parcel in 1..=3 {
        let strike = std::format!("sync_example: irq spinlock: strike {parcel}");
        let sent = std::format!("sync_example: mutex: parcel {parcel} was sent");
        let place = |wanted| log.iter().position(|line| *line == wanted);
        assert!(place(strike) < place(sent), "{log:#?}");
    }
    module.unload();
}

#[test]
fn it_goes_while_its_threads_wait() {
    let module = fake::load::<SyncExample>().unwrap();
    module.unload();
}

#[test]
fn each_allocation_may_fail() {
    fake::load::<SyncExample>().unwrap().unload();
    // Parcels are sent later: how many allocations belong to init is not known, but that one of them is the last.
    let mut which = 0;
    loop {
        which += 1;
        fake::fail_allocation(which);
        if fake::load::<SyncExample>().is_ok() {
            break;
        }
    }
    assert!(which > 4, "{which}");
}
