// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/krandom: random bytes, as those of /dev/urandom.
 *
 * This is what the driver in ../src is measured against.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uio.h>

/* So many bytes are moved at once: they are on the stack. */
#define PIECE 256

/* A read or a write. */
static ssize_t krandom_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	bool write = iov_iter_rw(iter) == WRITE;
	u8 bytes[PIECE];
	ssize_t done = 0;

	if (!iov_iter_count(iter))
		return 0;
	for (;;) {
		size_t moved;

		if (write) {
			moved = copy_from_iter(bytes, sizeof(bytes), iter);
			add_device_randomness(bytes, moved);
		} else {
			/* No more than that is copied. */
			get_random_bytes(bytes, min(iov_iter_count(iter), sizeof(bytes)));
			moved = copy_to_iter(bytes, sizeof(bytes), iter);
		}
		done += moved;
		if (!iov_iter_count(iter) || moved < sizeof(bytes))
			break;
		if (done % PAGE_SIZE == 0) {
			if (signal_pending(current))
				break;
			cond_resched();
		}
	}
	/* What somebody was given as random does not stay on the stack. */
	if (!write)
		memzero_explicit(bytes, sizeof(bytes));
	return done ?: -EFAULT;
}

static const struct file_operations krandom_fops = {
	.owner = THIS_MODULE,
	.read_iter = krandom_iter,
	.write_iter = krandom_iter,
};

/* As /dev/urandom, everybody may read it and mix something in. */
static struct miscdevice krandom_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "krandom",
	.fops = &krandom_fops,
	.mode = 0666,
};
module_misc_device(krandom_misc);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("A character device of random bytes");
MODULE_LICENSE("GPL");
