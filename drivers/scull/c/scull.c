// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is a file: the C twin of the driver beside this folder, which it is measured against.
 *
 * One region of device numbers has memory devices that anybody may open (scull0 to scull3), one
 * that a single user at a time may (sculluid), one where other users wait for that (scullwuid), and
 * pipes (scullpipe0 to scullpipe3).
 */
#include <linux/cred.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <linux/xarray.h>

/* The minors: memory for anybody, pipes, and memory for one user. */
#define SCULL_PIPE	4
#define SCULL_UID	8
#define SCULL_WUID	9
#define SCULL_MINORS	10

#define SCULL_PIPES	(SCULL_UID - SCULL_PIPE)
#define SCULL_MEMORIES	(SCULL_MINORS - SCULL_PIPES)

/* Gets how many bytes of memory a device uses. */
#define SCULL_USED	_IOR('k', 1, u64)

#define SCULL_LARGEST	(1UL << 20)

enum scull_access {
	SCULL_EVERYBODY,
	SCULL_ONE_USER,
	SCULL_OTHERS_WAIT,
};

struct scull_memory {
	/* Protects what follows, up to access. */
	struct mutex lock;
	/* Tables of qset pointers to quanta; what nobody wrote to is missing. */
	struct xarray sets;
	loff_t size;
	size_t used;
	enum scull_access access;
	/* Protected by scull_left.lock. */
	unsigned int users;
	kuid_t owner;
};

struct scull_pipe {
	struct mutex lock;
	wait_queue_head_t changed;
	size_t start;
	size_t len;
	char *buf;
};

struct scull {
	struct scull_memory memory[SCULL_MEMORIES];
	struct scull_pipe pipe[SCULL_PIPES];
	char bufs[];
};

static unsigned long quantum = 4000;
module_param(quantum, ulong, 0);
MODULE_PARM_DESC(quantum, "Bytes that are allocated at once");

static unsigned long qset = 1000;
module_param(qset, ulong, 0);
MODULE_PARM_DESC(qset, "How many quanta a set has");

static unsigned long quota = 16 << 20;
module_param(quota, ulong, 0);
MODULE_PARM_DESC(quota, "Bytes of memory that a device may use");

static unsigned long pipe_buffer = 4000;
module_param(pipe_buffer, ulong, 0);
MODULE_PARM_DESC(pipe_buffer, "Bytes that a pipe holds");

static struct scull *scull;
static struct class *scull_class;
static int scull_major;

/* Somebody left a device that is for one user at a time. */
static DECLARE_WAIT_QUEUE_HEAD(scull_left);

/* Positions are counted in quanta, and quanta in sets, whose numbers are indices of an xarray. */
static_assert(sizeof(unsigned long) == sizeof(loff_t));

/* The place of a quantum in its table, or NULL where the whole set is missing. */
static void **scull_find(struct scull_memory *memory, unsigned long number)
{
	void **set = xa_load(&memory->sets, number / qset);

	return set ? set + number % qset : NULL;
}

static void *scull_alloc(struct scull_memory *memory, size_t size)
{
	void *p;

	if (size > quota - memory->used)
		return ERR_PTR(-ENOSPC);
	p = kvzalloc(size, GFP_KERNEL);
	if (!p)
		return ERR_PTR(-ENOMEM);
	memory->used += size;
	return p;
}

static void **scull_add_set(struct scull_memory *memory, unsigned long number)
{
	size_t size = qset * sizeof(void *);
	void **set = scull_alloc(memory, size);
	int err;

	if (IS_ERR(set))
		return set;
	err = xa_err(xa_store(&memory->sets, number / qset, set, GFP_KERNEL));
	if (err) {
		memory->used -= size;
		kvfree(set);
		return ERR_PTR(err);
	}
	return set + number % qset;
}

/* A quantum to write to. */
static void *scull_room(struct scull_memory *memory, unsigned long number)
{
	void **place = scull_find(memory, number);
	void *p;

	if (!place) {
		place = scull_add_set(memory, number);
		if (IS_ERR(place))
			return place;
	}
	if (!*place) {
		p = scull_alloc(memory, quantum);
		if (IS_ERR(p))
			return p;
		*place = p;
	}
	return *place;
}

static void scull_trim(struct scull_memory *memory)
{
	unsigned long number, i;
	void **set;

	xa_for_each(&memory->sets, number, set) {
		/* Most are missing: a call for each would take its time. */
		for (i = 0; i < qset; i++)
			if (set[i])
				kvfree(set[i]);
		kvfree(set);
	}
	xa_destroy(&memory->sets);
	memory->size = 0;
	memory->used = 0;
}

static loff_t scull_next_data(struct scull_memory *memory, unsigned long pos)
{
	unsigned long first = pos / quantum;
	unsigned long number, i;
	void **set;

	xa_for_each_start(&memory->sets, number, set, first / qset) {
		unsigned long start = number * qset;

		for (i = max(first, start) - start; i < qset; i++) {
			if (set[i]) {
				pos = max(pos, (start + i) * quantum);
				/* A write that failed leaves a quantum after the end. */
				return pos < memory->size ? pos : -ENXIO;
			}
		}
	}
	return -ENXIO;
}

static loff_t scull_next_hole(struct scull_memory *memory, unsigned long pos)
{
	void **place;

	if (pos >= memory->size)
		return -ENXIO;
	do {
		place = scull_find(memory, pos / quantum);
		if (!place || !*place)
			return pos;
		pos += quantum - pos % quantum;
	} while (pos < memory->size);
	return memory->size;
}

static bool scull_may_enter(struct scull_memory *memory, kuid_t user)
{
	return !memory->users || uid_eq(memory->owner, user);
}

static int scull_enter(struct scull_memory *memory, struct file *file)
{
	kuid_t user = file->f_cred->euid;
	int err = 0;

	spin_lock(&scull_left.lock);
	if (!scull_may_enter(memory, user)) {
		if (memory->access == SCULL_ONE_USER)
			err = -EBUSY;
		else if (file->f_flags & O_NONBLOCK)
			err = -EAGAIN;
		else
			err = wait_event_interruptible_locked(scull_left,
							      scull_may_enter(memory, user));
	}
	if (!err) {
		memory->owner = user;
		memory->users++;
	}
	spin_unlock(&scull_left.lock);
	return err;
}

static int scull_release(struct inode *inode, struct file *file)
{
	struct scull_memory *memory = file->private_data;

	if (memory->access != SCULL_EVERYBODY) {
		spin_lock(&scull_left.lock);
		if (!--memory->users)
			wake_up_locked(&scull_left);
		spin_unlock(&scull_left.lock);
	}
	return 0;
}

/* Lets others run in a long read or write; whether it goes on. */
static bool scull_go_on(void)
{
	if (signal_pending(current))
		return false;
	cond_resched();
	return true;
}

static ssize_t scull_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct scull_memory *memory = iocb->ki_filp->private_data;
	loff_t pos = iocb->ki_pos;
	ssize_t ret = 0;

	mutex_lock(&memory->lock);
	while (iov_iter_count(to) && pos < memory->size) {
		size_t offset = (unsigned long)pos % quantum;
		size_t n = min_t(size_t, quantum - offset, memory->size - pos);
		void **place;

		if (ret && !scull_go_on())
			break;
		place = scull_find(memory, (unsigned long)pos / quantum);
		if (place && *place)
			n = copy_to_iter(*place + offset, n, to);
		else
			n = iov_iter_zero(n, to);
		if (!n) {
			if (!ret)
				ret = -EFAULT;
			break;
		}
		pos += n;
		ret += n;
	}
	mutex_unlock(&memory->lock);
	iocb->ki_pos = pos;
	return ret;
}

static ssize_t scull_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct scull_memory *memory = iocb->ki_filp->private_data;
	ssize_t written = 0, err = -EFBIG;
	loff_t pos;

	if (!iov_iter_count(from))
		return 0;
	mutex_lock(&memory->lock);
	pos = iocb->ki_pos;
	if (iocb->ki_flags & IOCB_APPEND) {
		pos = memory->size;
		/* The caller has seen to it for other positions. */
		iov_iter_truncate(from, LLONG_MAX - pos);
	}
	while (iov_iter_count(from)) {
		size_t offset = (unsigned long)pos % quantum;
		void *p;
		size_t n;

		if (written && !scull_go_on())
			break;
		p = scull_room(memory, (unsigned long)pos / quantum);
		if (IS_ERR(p)) {
			err = PTR_ERR(p);
			break;
		}
		n = copy_from_iter(p + offset, quantum - offset, from);
		if (!n) {
			err = -EFAULT;
			break;
		}
		pos += n;
		written += n;
		if (pos > memory->size)
			memory->size = pos;
	}
	mutex_unlock(&memory->lock);
	iocb->ki_pos = pos;
	return written ?: err;
}

static loff_t scull_llseek(struct file *file, loff_t offset, int whence)
{
	struct scull_memory *memory = file->private_data;
	loff_t pos;

	mutex_lock(&memory->lock);
	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		pos = whence == SEEK_DATA ? scull_next_data(memory, offset) :
					    scull_next_hole(memory, offset);
		if (pos >= 0)
			pos = vfs_setpos(file, pos, LLONG_MAX);
	} else {
		pos = generic_file_llseek_size(file, offset, whence, LLONG_MAX, memory->size);
	}
	mutex_unlock(&memory->lock);
	return pos;
}

static long scull_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct scull_memory *memory = file->private_data;

	if (cmd != SCULL_USED)
		return -ENOTTY;
	return put_user((u64)READ_ONCE(memory->used), (u64 __user *)arg);
}

/* Locks a pipe when it does not hold so many bytes, with which there is nothing to do. */
static int scull_pipe_lock(struct scull_pipe *pipe, struct file *file, size_t unready)
{
	mutex_lock(&pipe->lock);
	while (pipe->len == unready) {
		mutex_unlock(&pipe->lock);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(pipe->changed, READ_ONCE(pipe->len) != unready))
			return -ERESTARTSYS;
		mutex_lock(&pipe->lock);
	}
	return 0;
}

/* There was something to move: nothing moved means a bad address. */
static ssize_t scull_pipe_unlock(struct scull_pipe *pipe, size_t moved)
{
	mutex_unlock(&pipe->lock);
	if (!moved)
		return -EFAULT;
	wake_up_interruptible(&pipe->changed);
	return moved;
}

static ssize_t scull_pipe_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct scull_pipe *pipe = iocb->ki_filp->private_data;
	size_t n, read = 0;
	int err;

	if (!iov_iter_count(to))
		return 0;
	err = scull_pipe_lock(pipe, iocb->ki_filp, 0);
	if (err)
		return err;
	while (iov_iter_count(to) && pipe->len) {
		n = min(pipe->len, pipe_buffer - pipe->start);
		n = copy_to_iter(pipe->buf + pipe->start, n, to);
		if (!n)
			break;
		pipe->len -= n;
		pipe->start += n;
		if (pipe->start == pipe_buffer)
			pipe->start = 0;
		read += n;
	}
	return scull_pipe_unlock(pipe, read);
}

static ssize_t scull_pipe_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct scull_pipe *pipe = iocb->ki_filp->private_data;
	size_t end, n, written = 0;
	int err;

	if (!iov_iter_count(from))
		return 0;
	err = scull_pipe_lock(pipe, iocb->ki_filp, pipe_buffer);
	if (err)
		return err;
	while (iov_iter_count(from) && pipe->len < pipe_buffer) {
		end = pipe->start + pipe->len;
		if (end >= pipe_buffer)
			end -= pipe_buffer;
		n = min(pipe_buffer - pipe->len, pipe_buffer - end);
		n = copy_from_iter(pipe->buf + end, n, from);
		if (!n)
			break;
		pipe->len += n;
		written += n;
	}
	return scull_pipe_unlock(pipe, written);
}

static __poll_t scull_pipe_poll(struct file *file, poll_table *wait)
{
	struct scull_pipe *pipe = file->private_data;
	__poll_t ready = 0;
	size_t len;

	poll_wait(file, &pipe->changed, wait);
	len = READ_ONCE(pipe->len);
	if (len)
		ready |= EPOLLIN | EPOLLRDNORM;
	if (len < pipe_buffer)
		ready |= EPOLLOUT | EPOLLWRNORM;
	return ready;
}

static const struct file_operations scull_pipe_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= scull_pipe_read_iter,
	.write_iter	= scull_pipe_write_iter,
	.poll		= scull_pipe_poll,
};

static int scull_open(struct inode *inode, struct file *file)
{
	unsigned int minor = iminor(inode);
	struct scull_memory *memory;
	int err;

	if (minor >= SCULL_PIPE && minor < SCULL_UID) {
		file->private_data = &scull->pipe[minor - SCULL_PIPE];
		file->f_op = &scull_pipe_fops;
		return 0;
	}
	memory = &scull->memory[minor < SCULL_PIPE ? minor : minor - SCULL_PIPES];
	if (memory->access != SCULL_EVERYBODY) {
		err = scull_enter(memory, file);
		if (err)
			return err;
	}
	/* As with any file that a shell writes to with `>`, and not with `>>`. */
	if ((file->f_flags & (O_ACCMODE | O_APPEND)) == O_WRONLY || file->f_flags & O_TRUNC) {
		mutex_lock(&memory->lock);
		scull_trim(memory);
		mutex_unlock(&memory->lock);
	}
	file->private_data = memory;
	return 0;
}

static const struct file_operations scull_fops = {
	.owner		= THIS_MODULE,
	.open		= scull_open,
	.release	= scull_release,
	.llseek		= scull_llseek,
	.read_iter	= scull_read_iter,
	.write_iter	= scull_write_iter,
	.unlocked_ioctl	= scull_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* Everybody may read and write the nodes: who may open them is for the devices to say. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
static char *scull_devnode(const struct device *dev, umode_t *mode)
#else
static char *scull_devnode(struct device *dev, umode_t *mode)
#endif
{
	if (mode)
		*mode = 0666;
	return NULL;
}

static void scull_destroy_devices(void)
{
	unsigned int minor;

	for (minor = 0; minor < SCULL_MINORS; minor++)
		device_destroy(scull_class, MKDEV(scull_major, minor));
}

static int __init scull_create_devices(void)
{
	static const char names[SCULL_MINORS][sizeof("scullpipe0")] __initconst = {
		"scull0", "scull1", "scull2", "scull3",
		"scullpipe0", "scullpipe1", "scullpipe2", "scullpipe3",
		"sculluid", "scullwuid",
	};
	struct device *device;
	unsigned int minor;

	for (minor = 0; minor < SCULL_MINORS; minor++) {
		device = device_create(scull_class, NULL, MKDEV(scull_major, minor), NULL, "%s",
				       names[minor]);
		if (IS_ERR(device)) {
			scull_destroy_devices();
			return PTR_ERR(device);
		}
	}
	return 0;
}

static void __init scull_setup(void)
{
	int i;

	for (i = 0; i < SCULL_MEMORIES; i++) {
		mutex_init(&scull->memory[i].lock);
		xa_init(&scull->memory[i].sets);
	}
	scull->memory[SCULL_UID - SCULL_PIPES].access = SCULL_ONE_USER;
	scull->memory[SCULL_WUID - SCULL_PIPES].access = SCULL_OTHERS_WAIT;
	for (i = 0; i < SCULL_PIPES; i++) {
		mutex_init(&scull->pipe[i].lock);
		init_waitqueue_head(&scull->pipe[i].changed);
		scull->pipe[i].buf = scull->bufs + i * pipe_buffer;
	}
}

static void scull_free(void)
{
	int i;

	for (i = 0; i < SCULL_MEMORIES; i++)
		scull_trim(&scull->memory[i]);
	kvfree(scull);
}

/* Whether a size is from 1 to the largest. */
static bool __init scull_valid(unsigned long size)
{
	return size - 1 < SCULL_LARGEST;
}

static int __init scull_init(void)
{
	int err;

	if (!scull_valid(quantum) || !scull_valid(qset) || !scull_valid(pipe_buffer))
		return -EINVAL;
	scull = kvzalloc(struct_size(scull, bufs, SCULL_PIPES * pipe_buffer), GFP_KERNEL);
	if (!scull)
		return -ENOMEM;
	scull_setup();
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	scull_class = class_create("scull");
#else
	scull_class = class_create(THIS_MODULE, "scull");
#endif
	if (IS_ERR(scull_class)) {
		err = PTR_ERR(scull_class);
		goto free;
	}
	scull_class->devnode = scull_devnode;
	scull_major = __register_chrdev(0, 0, SCULL_MINORS, "scull", &scull_fops);
	if (scull_major < 0) {
		err = scull_major;
		goto destroy_class;
	}
	err = scull_create_devices();
	if (err)
		goto unregister;
	return 0;

unregister:
	__unregister_chrdev(scull_major, 0, SCULL_MINORS, "scull");
destroy_class:
	class_destroy(scull_class);
free:
	scull_free();
	return err;
}

static void __exit scull_exit(void)
{
	scull_destroy_devices();
	__unregister_chrdev(scull_major, 0, SCULL_MINORS, "scull");
	class_destroy(scull_class);
	scull_free();
}

module_init(scull_init);
module_exit(scull_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("Memory that is a file: devices with quantum sets, for one user, and pipes");
MODULE_LICENSE("GPL");
