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
    sync::Arc,
};

use access::Policy;
use content::Shape;
use memory::Memory;
use pipe::Pipe;
use ring::Ring;

/// The minors that are memory, their names, and who may open them.
const MEMORIES: [(u32, &CStr, Policy); 6] = [
    (0, c"scull0", Policy::Everybody),
    (1, c"scull1", Policy::Everybody),
    (2, c"scull2", Policy::Everybody),
    (3, c"scull3", Policy::Everybody),
    (8, c"sculluid", Policy::OneUser),
    (9, c"scullwuid", Policy::OneUserOthersWait),
];

/// The minors that are pipes, and their names.
const PIPES: [(u32, &CStr); 4] = [
    (4, c"scullpipe0"),
    (5, c"scullpipe1"),
    (6, c"scullpipe2"),
    (7, c"scullpipe3"),
];

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
    _memories: KVVec<Registration<Arc<Memory>>>,
    _pipes: KVVec<Registration<Arc<Pipe>>>,
}

impl kernel::Module for Scull {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let region = Region::alloc(c"scull", (MEMORIES.len() + PIPES.len()) as u32)?;
        let class = Class::new(c"scull")?;
        let mut memories = KVVec::with_capacity(MEMORIES.len(), GFP_KERNEL)?;
        for (number, name, policy) in MEMORIES {
            let device = new_memory(&region, &class, number, name, policy)?;
            memories.push(device, GFP_KERNEL)?;
        }
        let mut pipes = KVVec::with_capacity(PIPES.len(), GFP_KERNEL)?;
        for (number, name) in PIPES {
            let device = new_pipe(&region, &class, number, name)?;
            pipes.push(device, GFP_KERNEL)?;
        }
        Ok(Self {
            _memories: memories,
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
    Registration::new::<Memory>(region, number, class, node(name), memory)
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
    Registration::new::<Pipe>(region, number, class, node(name), pipe)
}
