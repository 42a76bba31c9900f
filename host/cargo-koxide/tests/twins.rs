// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver's twin in C that cannot be built.

mod support;

use support::{Ended, FAILED, KERNEL, Package};

/// The twin, which greets as the driver does in a way of its own.
const TWIN: &str = r#"// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include "words.h"

static int __init two_tongues_init(void)
{
	pr_info("two_tongues: " GREETING "\n");
	return 0;
}

static void __exit two_tongues_exit(void)
{
}

module_init(two_tongues_init);
module_exit(two_tongues_exit);
MODULE_LICENSE("GPL");
"#;

fn build(package: &Package) -> Ended {
    package.run(&["build", "--c", "-p", "two_tongues", "--kernel", KERNEL])
}

#[test]
fn a_twin_that_is_not_there_or_does_not_compile() {
    let package = Package::new("two_tongues", "koxide-");
    let words = ["--c", "-p", "two_tongues", "--kernel", KERNEL];
    let where_to = "error: two_tongues has no twin in C: it would be c/two_tongues.c";
    build(&package).with(FAILED).saying(where_to);
    let run = [&["run"], &words[..], &["--", "true"]].concat();
    package.run(&run).with(FAILED).saying(where_to);
    // Who asks for the twins of all drivers is told which have none.
    package
        .run(&["build", "--c", "--kernel", KERNEL])
        .with(0)
        .saying("two_tongues has no twin in C");

    let folder = package.path().join("c");
    std::fs::create_dir(&folder).unwrap();
    package.write("c/tongues.c", TWIN);
    build(&package)
        .with(FAILED)
        .saying("two_tongues has a folder for its twin in C and no ")
        .saying("c/two_tongues.c: write the twin there");

    package.write("c/two_tongues.c", &TWIN.replace("return 0;", "return nil;"));
    package.write("c/words.h", "#define GREETING \"ready in C\"\n");
    build(&package)
        .with(FAILED)
        .saying("error: the twin in C of two_tongues does not build for the kernel 6.1.0-")
        .saying("/two_tongues/c/two_tongues.c:8:")
        .saying("nil")
        .not_saying(".work");
    // Nothing is run when something does not compile.
    package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED)
        .saying("error: the twin in C of two_tongues does not build")
        .not_saying("PASS");
}
