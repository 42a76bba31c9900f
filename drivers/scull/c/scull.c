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
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <linux/wait.h>

/* The minors: memory for anybody, pipes, and memory for one user. */
#define SCULL_PIPE	4
#define SCULL_UID	8
#define SCULL_WUID	9
#define SCULL_MINORS	10

#define SCULL_PIPES	(SCULL_UID - SCULL_PIPE)
#define SCULL_MEMORIES	(SCULL_MINORS - SCULL_PIPES)

/* Gets how many bytes of memory a device uses. */
#define SCULL_USED	_IOR('k', 1, u64)

#define SCULL_LARGEST	SZ_1M

enum scull_access {
	SCULL_EVERYBODY,
	SCULL_ONE_USER,
	SCULL_OTHERS_WAIT,
};

/* Quanta that follow each other; those that nobody wrote to are missing, and so are whole sets. */
struct scull_set {
	struct scull_set *next;
	u64 number;
	void *quanta[];
};

struct scull_memory {
	/* Protects what follows, up to used. */
	struct mutex lock;
	/* In the order of their numbers. */
	struct scull_set *sets;
	loff_t size;
	size_t used;
	enum scull_access access;
	/* Protected by scull_access_lock. */
	unsigned int users;
	kuid_t owner;
};

struct scull_pipe {
	/* Protects where the bytes are. */
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

static DEFINE_MUTEX(scull_access_lock);
/* Somebody left a device that is for one user at a time. */
static DECLARE_WAIT_QUEUE_HEAD(scull_left);

/* Positions are counted in quanta, and quanta in sets: how many there are, and what is left. */
static u64 scull_split(u64 number, unsigned long size, unsigned long *rest)
{
	u64 left, count = div64_u64_rem(number, size, &left);

	*rest = left;
	return count;
}

/* The link to a set, or to the next one where it is missing. */
static struct scull_set **scull_link(struct scull_memory *memory, u64 number)
{
	struct scull_set **link = &memory->sets;

	while (*link && (*link)->number < number)
		link = &(*link)->next;
	return link;
}

/* A quantum, or NULL where it is missing. */
static void *scull_quantum(struct scull_memory *memory, u64 number)
{
	unsigned long i;
	u64 set_number = scull_split(number, qset, &i);
	struct scull_set *set = *scull_link(memory, set_number);

	return set && set->number == set_number ? set->quanta[i] : NULL;
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

/* Adds a quantum where it is missing. */
static noinline void *scull_add_quantum(struct scull_memory *memory, u64 number)
{
	unsigned long i;
	u64 set_number = scull_split(number, qset, &i);
	struct scull_set **link = scull_link(memory, set_number);
	struct scull_set *set = *link;
	void *p;

	if (!set || set->number != set_number) {
		set = scull_alloc(memory, struct_size(set, quanta, qset));
		if (IS_ERR(set))
			return set;
		set->number = set_number;
		set->next = *link;
		*link = set;
	}
	p = scull_alloc(memory, quantum);
	if (!IS_ERR(p))
		set->quanta[i] = p;
	return p;
}

static void scull_trim(struct scull_memory *memory)
{
	struct scull_set *set, *next;
	unsigned long i;

	for (set = memory->sets; set; set = next) {
		next = set->next;
		/* Most are missing: a call for each would take its time. */
		for (i = 0; i < qset; i++)
			if (set->quanta[i])
				kvfree(set->quanta[i]);
		kvfree(set);
	}
	memory->sets = NULL;
	memory->size = 0;
	memory->used = 0;
}

/* The next position that is in a quantum, or in none; U64_MAX if all others are in none. */
static u64 scull_next(struct scull_memory *memory, u64 pos, bool data)
{
	u64 number = div64_ul(pos, quantum);
	struct scull_set *set = *scull_link(memory, div64_ul(number, qset));
	unsigned long i;
	u64 first;

	for (; set; set = set->next) {
		first = set->number * qset;
		if (number < first) {
			if (!data)
				break;
			number = first;
		}
		for (i = number - first; i < qset; i++, number++)
			if (!!set->quanta[i] == data)
				return max(pos, number * quantum);
	}
	return data ? U64_MAX : max(pos, number * quantum);
}

/* Also without the lock, as a hint. */
static bool scull_may_enter(struct scull_memory *memory, kuid_t user)
{
	return !READ_ONCE(memory->users) || uid_eq(READ_ONCE(memory->owner), user);
}

/* Apart from scull_open(), which then needs no room for a waiter. */
static noinline int scull_enter(struct scull_memory *memory, struct file *file)
{
	kuid_t user = file->f_cred->euid;

	mutex_lock(&scull_access_lock);
	while (!scull_may_enter(memory, user)) {
		mutex_unlock(&scull_access_lock);
		if (memory->access == SCULL_ONE_USER)
			return -EBUSY;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(scull_left, scull_may_enter(memory, user)))
			return -ERESTARTSYS;
		mutex_lock(&scull_access_lock);
	}
	memory->owner = user;
	memory->users++;
	mutex_unlock(&scull_access_lock);
	return 0;
}

static int scull_release(struct inode *inode, struct file *file)
{
	struct scull_memory *memory = file->private_data;

	if (memory->access != SCULL_EVERYBODY) {
		mutex_lock(&scull_access_lock);
		if (!--memory->users)
			wake_up_interruptible(&scull_left);
		mutex_unlock(&scull_access_lock);
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
	ssize_t read = 0;

	mutex_lock(&memory->lock);
	while (iov_iter_count(to) && iocb->ki_pos < memory->size) {
		unsigned long offset;
		u64 pos = iocb->ki_pos, number = scull_split(pos, quantum, &offset);
		size_t n = min_t(u64, quantum - offset, memory->size - pos);
		void *p = scull_quantum(memory, number);

		n = p ? copy_to_iter(p + offset, n, to) : iov_iter_zero(n, to);
		if (!n) {
			read = read ?: -EFAULT;
			break;
		}
		iocb->ki_pos += n;
		read += n;
		if (!iov_iter_count(to) || !scull_go_on())
			break;
	}
	mutex_unlock(&memory->lock);
	return read;
}

static ssize_t scull_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct scull_memory *memory = iocb->ki_filp->private_data;
	ssize_t written = 0, err = 0;

	mutex_lock(&memory->lock);
	if (iocb->ki_flags & IOCB_APPEND) {
		iocb->ki_pos = memory->size;
		/* The caller has seen to it for other positions. */
		if (iov_iter_count(from) && memory->size == LLONG_MAX)
			err = -EFBIG;
		iov_iter_truncate(from, LLONG_MAX - memory->size);
	}
	while (iov_iter_count(from)) {
		unsigned long offset;
		u64 number = scull_split(iocb->ki_pos, quantum, &offset);
		void *p = scull_quantum(memory, number);
		size_t n;

		if (!p) {
			p = scull_add_quantum(memory, number);
			if (IS_ERR(p)) {
				err = PTR_ERR(p);
				break;
			}
		}
		n = copy_from_iter(p + offset, quantum - offset, from);
		if (!n) {
			err = -EFAULT;
			break;
		}
		iocb->ki_pos += n;
		written += n;
		if (memory->size < iocb->ki_pos)
			memory->size = iocb->ki_pos;
		if (!iov_iter_count(from) || !scull_go_on())
			break;
	}
	mutex_unlock(&memory->lock);
	return written ?: err;
}

static loff_t scull_llseek(struct file *file, loff_t offset, int whence)
{
	struct scull_memory *memory = file->private_data;

	mutex_lock(&memory->lock);
	switch (whence) {
	case SEEK_DATA:
		/* What is found after the end was left by a write that failed: it is none. */
		offset = scull_next(memory, offset, true);
		break;
	case SEEK_HOLE:
		/* The end is a hole; from there on there is none. */
		if ((u64)offset < memory->size) {
			offset = min_t(u64, scull_next(memory, offset, false), memory->size);
			whence = SEEK_SET;
		}
		break;
	}
	offset = generic_file_llseek_size(file, offset, whence, LLONG_MAX, memory->size);
	mutex_unlock(&memory->lock);
	return offset;
}

static long scull_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct scull_memory *memory = file->private_data;

	if (cmd != SCULL_USED)
		return -ENOTTY;
	return put_user((u64)READ_ONCE(memory->used), (u64 __user *)arg);
}

/*
 * Waits without the lock while a pipe holds so many bytes, with which there is nothing to do. An
 * error leaves it unlocked.
 */
static ssize_t scull_pipe_wait(struct scull_pipe *pipe, struct file *file, size_t unready)
{
	ssize_t err;

	mutex_unlock(&pipe->lock);
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	err = wait_event_interruptible(pipe->changed, READ_ONCE(pipe->len) != unready);
	if (!err)
		mutex_lock(&pipe->lock);
	return err;
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
	ssize_t err;

	if (!iov_iter_count(to))
		return 0;
	mutex_lock(&pipe->lock);
	while (!pipe->len) {
		err = scull_pipe_wait(pipe, iocb->ki_filp, 0);
		if (err)
			return err;
	}
	do {
		n = min(pipe->len, pipe_buffer - pipe->start);
		n = copy_to_iter(pipe->buf + pipe->start, n, to);
		if (!n)
			break;
		pipe->len -= n;
		pipe->start += n;
		if (pipe->start == pipe_buffer)
			pipe->start = 0;
		read += n;
	} while (iov_iter_count(to) && pipe->len);
	return scull_pipe_unlock(pipe, read);
}

static ssize_t scull_pipe_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct scull_pipe *pipe = iocb->ki_filp->private_data;
	size_t end, n, written = 0;
	ssize_t err;

	if (!iov_iter_count(from))
		return 0;
	mutex_lock(&pipe->lock);
	while (pipe->len == pipe_buffer) {
		err = scull_pipe_wait(pipe, iocb->ki_filp, pipe_buffer);
		if (err)
			return err;
	}
	do {
		end = pipe->start + pipe->len;
		if (end >= pipe_buffer)
			end -= pipe_buffer;
		n = min(pipe_buffer - pipe->len, pipe_buffer - end);
		n = copy_from_iter(pipe->buf + end, n, from);
		if (!n)
			break;
		pipe->len += n;
		written += n;
	} while (iov_iter_count(from) && pipe->len < pipe_buffer);
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

static void __init scull_setup(struct scull *devices)
{
	struct scull_pipe *pipe;
	int i;

	for (i = 0; i < SCULL_MEMORIES; i++)
		mutex_init(&devices->memory[i].lock);
	devices->memory[SCULL_UID - SCULL_PIPES].access = SCULL_ONE_USER;
	devices->memory[SCULL_WUID - SCULL_PIPES].access = SCULL_OTHERS_WAIT;
	for (i = 0; i < SCULL_PIPES; i++) {
		pipe = &devices->pipe[i];
		mutex_init(&pipe->lock);
		init_waitqueue_head(&pipe->changed);
		pipe->buf = devices->bufs + i * pipe_buffer;
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
	scull_setup(scull);
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
