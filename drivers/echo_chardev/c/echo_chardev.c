// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/echo: what is written to an open file comes back when it is read.
 *
 * This is what the driver in ../src is measured against.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/wait.h>

/* The longest message. */
#define LONGEST SZ_64K
/* How many messages wait at most. */
#define MOST 16

/*
 * An open file. The lengths of messages are not in front of them: many messages have the size of a
 * power of two, which wastes no memory.
 */
struct echo {
	struct mutex lock;	/* of the messages */
	wait_queue_head_t changed;
	u16 oldest, count;
	u32 read;		/* of the oldest message */
	void *message[MOST];
	u32 len[MOST];
};

static int echo_open(struct inode *inode, struct file *file)
{
	struct echo *echo = kzalloc(sizeof(*echo), GFP_KERNEL);

	if (!echo)
		return -ENOMEM;
	mutex_init(&echo->lock);
	init_waitqueue_head(&echo->changed);
	file->private_data = echo;
	return 0;
}

static int echo_release(struct inode *inode, struct file *file)
{
	struct echo *echo = file->private_data;

	while (echo->count--)
		kvfree(echo->message[echo->oldest++ % MOST]);
	kfree(echo);
	return 0;
}

/* Waits without the lock while there are @count messages. An error leaves it unlocked. */
static ssize_t echo_wait(struct file *file, unsigned int count)
{
	struct echo *echo = file->private_data;
	ssize_t err;

	mutex_unlock(&echo->lock);
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	err = wait_event_interruptible(echo->changed, READ_ONCE(echo->count) != count);
	if (!err)
		mutex_lock(&echo->lock);
	return err;
}

static ssize_t echo_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct echo *echo = iocb->ki_filp->private_data;
	size_t left, copied;
	void *message;
	ssize_t err;

	if (!iov_iter_count(to))
		return 0;
	mutex_lock(&echo->lock);
	while (!echo->count) {
		err = echo_wait(iocb->ki_filp, 0);
		if (err)
			return err;
	}
	message = echo->message[echo->oldest % MOST];
	left = echo->len[echo->oldest % MOST] - echo->read;
	copied = copy_to_iter(message + echo->read, left, to);
	if (copied < left) {
		echo->read += copied;
		mutex_unlock(&echo->lock);
		return copied ?: -EFAULT;
	}
	echo->read = 0;
	echo->oldest++;
	echo->count--;
	mutex_unlock(&echo->lock);
	wake_up_interruptible(&echo->changed);
	kvfree(message);
	return copied;
}

static ssize_t echo_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct echo *echo = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(from);
	unsigned int last;
	void *message;
	ssize_t err;

	if (!len)
		return 0;
	if (len > LONGEST)
		return -EMSGSIZE;
	message = kvmalloc(len, GFP_KERNEL);
	if (!message)
		return -ENOMEM;
	/* Half a message is none. */
	err = -EFAULT;
	if (copy_from_iter(message, len, from) < len)
		goto free;
	mutex_lock(&echo->lock);
	while (echo->count == MOST) {
		err = echo_wait(iocb->ki_filp, MOST);
		if (err)
			goto free;
	}
	last = (echo->oldest + echo->count++) % MOST;
	echo->message[last] = message;
	echo->len[last] = len;
	mutex_unlock(&echo->lock);
	wake_up_interruptible(&echo->changed);
	return len;

free:
	kvfree(message);
	return err;
}

static __poll_t echo_poll(struct file *file, poll_table *table)
{
	struct echo *echo = file->private_data;
	unsigned int count;
	__poll_t ready = 0;

	poll_wait(file, &echo->changed, table);
	count = READ_ONCE(echo->count);
	if (count)
		ready |= EPOLLIN | EPOLLRDNORM;
	if (count < MOST)
		ready |= EPOLLOUT | EPOLLWRNORM;
	return ready;
}

static const struct file_operations echo_fops = {
	.owner = THIS_MODULE,
	.open = echo_open,
	.release = echo_release,
	.read_iter = echo_read_iter,
	.write_iter = echo_write_iter,
	.poll = echo_poll,
};

static struct miscdevice echo_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "echo",
	.fops = &echo_fops,
	.mode = 0666,
};
module_misc_device(echo_misc);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("A character device that gives back what it is told");
MODULE_LICENSE("GPL");
