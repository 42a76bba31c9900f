// SPDX-License-Identifier: GPL-2.0-only

//! Memory that is a file: the example of the book "Linux Device Drivers", written anew.
//!
//! One region of device numbers has memory devices that anybody may open, others that one user at a time may, and pipes.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

mod access;
mod content;
mod memory;
mod pipe;
mod ring;

use kernel::{
    chrdev::{Class, Node, Region, Registration},
    prelude::*,
    str::CString,
    sync::Arc,
};

use access::Policy;
use content::Shape;
use memory::{Memory, MemoryFile};
use pipe::{Pipe, PipeFile};
use ring::Ring;

/// How many devices of a kind there are.
const DEVICES: u32 = 4;

module! {
    type: Scull,
    name: "scull",
    authors: ["The Koxide authors"],
    description: "Memory that is a file: devices with quantum sets, for one user, and pipes",
    license: "GPL",
    params: {
        quantum: usize {
            default: 4000,
            description: "Bytes that are allocated at once",
        },
        qset: usize {
            default: 1000,
            description: "How many quanta a set has",
        },
        quota: usize {
            default: 16 << 20,
            description: "Bytes of memory that a device may use",
        },
        pipe_buffer: usize {
            default: 4000,
            description: "Bytes that a pipe holds",
        },
    },
}

/// The devices.
struct Scull {
    _memory: KVec<Registration<Arc<Memory>>>,
    _pipes: KVec<Registration<Arc<Pipe>>>,
}

impl kernel::Module for Scull {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let region = Region::alloc(c"scull", 2 * DEVICES + 2)?;
        let class = Class::new(c"scull")?;
        let mut memory = KVec::new();
        let mut pipes = KVec::new();
        for number in 0..DEVICES {
            let name = CString::try_from_fmt(fmt!("scull{number}"))?;
            let device = new_memory(&region, &class, number, &name, Policy::Everybody)?;
            memory.push(device, GFP_KERNEL)?;
            let name = CString::try_from_fmt(fmt!("scullpipe{number}"))?;
            let device = new_pipe(&region, &class, DEVICES + number, &name)?;
            pipes.push(device, GFP_KERNEL)?;
        }
        let number = 2 * DEVICES;
        let one_user = new_memory(&region, &class, number, c"sculluid", Policy::OneUser)?;
        memory.push(one_user, GFP_KERNEL)?;
        let policy = Policy::OneUserOthersWait;
        let others_wait = new_memory(&region, &class, number + 1, c"scullwuid", policy)?;
        memory.push(others_wait, GFP_KERNEL)?;
        Ok(Self {
            _memory: memory,
            _pipes: pipes,
        })
    }
}

/// Everybody may read and write the nodes: who may open them is for the devices to say.
fn node(name: &CStr) -> Node<'_> {
    Node::new(name).mode(0o666)
}

/// Registers a memory device.
fn new_memory(
    region: &Arc<Region>,
    class: &Arc<Class>,
    number: u32,
    name: &CStr,
    policy: Policy,
) -> Result<Registration<Arc<Memory>>> {
    let shape = Shape::new(
        module_parameters::quantum.value(),
        module_parameters::qset.value(),
        module_parameters::quota.value(),
    )?;
    let memory = Arc::pin_init(Memory::new(policy, shape), GFP_KERNEL)?;
    Registration::new::<MemoryFile>(region, number, class, node(name), memory)
}

/// Registers a pipe.
fn new_pipe(
    region: &Arc<Region>,
    class: &Arc<Class>,
    number: u32,
    name: &CStr,
) -> Result<Registration<Arc<Pipe>>> {
    let ring = Ring::new(module_parameters::pipe_buffer.value())?;
    let pipe = Arc::pin_init(Pipe::new(ring), GFP_KERNEL)?;
    Registration::new::<PipeFile>(region, number, class, node(name), pipe)
}
