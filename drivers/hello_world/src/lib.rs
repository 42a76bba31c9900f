// SPDX-License-Identifier: GPL-2.0-only

//! Greets in the kernel log when it is loaded, and takes leave when it is unloaded.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

use kernel::prelude::*;

module! {
    type: HelloWorld,
    name: "hello_world",
    authors: ["The Koxide authors"],
    description: "Greets and takes leave in the kernel log",
    license: "GPL",
    params: {
        repeat: u32 {
            default: 1,
            description: "How often to greet (1 to 100)",
        },
        quiet: bool {
            default: false,
            description: "Whether not to greet at all",
        },
    },
}

/// How often it greeted: it says so at the end.
struct HelloWorld {
    greetings: u32,
}

/// Checks what the user asked for.
fn repetitions(asked: u32) -> Result<u32> {
    match asked {
        1..=100 => Ok(asked),
        _ => Err(EINVAL),
    }
}

impl kernel::Module for HelloWorld {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let asked = *module_parameters::repeat.value_ref();
        let repeat =
            repetitions(asked).inspect_err(|_| pr_err!("repeat={asked} is not from 1 to 100\n"))?;
        let greetings = if module_parameters::quiet.value() {
            0
        } else {
            repeat
        };
        for number in 1..=greetings {
            pr_info!("Hello, world! ({number} of {repeat})\n");
        }
        Ok(Self { greetings })
    }
}

impl Drop for HelloWorld {
    fn drop(&mut self) {
        pr_info!("Goodbye, world! I greeted {} times\n", self.greetings);
    }
}

#[kunit_tests(hello_world)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_from_1_to_100() {
        assert_eq!(repetitions(1), Ok(1));
        assert_eq!(repetitions(100), Ok(100));
        assert_eq!(repetitions(0), Err(EINVAL));
        assert_eq!(repetitions(101), Err(EINVAL));
    }
}
