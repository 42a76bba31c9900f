// SPDX-License-Identifier: GPL-2.0-only

//! Kernel structs of which Rust knows only addresses.

opaque! {
    /// `struct class` of include/linux/device/class.h.
    pub struct class;
    /// `struct config_group` of include/linux/configfs.h.
    pub struct config_group;
    /// `struct config_item` of include/linux/configfs.h.
    pub struct config_item;
    /// `struct cred` of include/linux/cred.h.
    pub struct cred;
    /// `struct ctl_table_header` of include/linux/sysctl.h.
    pub struct ctl_table_header;
    /// `struct dentry` of include/linux/dcache.h.
    pub struct dentry;
    /// `struct device` of include/linux/device.h.
    pub struct device;
    /// `struct file` of include/linux/fs.h.
    pub struct file;
    /// `struct inode` of include/linux/fs.h.
    pub struct inode;
    /// `struct iov_iter` of include/linux/uio.h.
    pub struct iov_iter;
    /// `struct kiocb` of include/linux/fs.h.
    pub struct kiocb;
    /// `struct page` of include/linux/mm_types.h.
    pub struct page;
    /// `struct proc_dir_entry` of fs/proc/internal.h.
    pub struct proc_dir_entry;
    /// `struct seq_file` of include/linux/seq_file.h.
    pub struct seq_file;
    /// A character device: `struct cdev`, its `struct device`, and what the library needs beside them.
    pub struct kx_chrdev;
    /// A kernel thread, and what the library needs beside it.
    pub struct kx_kthread;
    /// A device without hardware, and what the library needs beside it.
    pub struct kx_faux;
    /// A folder of attributes: `struct kobject` and what the library needs beside it.
    pub struct kx_sysfs_group;
    /// A group of configfs: `struct configfs_subsystem` and what the library needs beside it.
    pub struct kx_configfs_node;
    /// `poll_table` of include/linux/poll.h.
    pub struct poll_table_struct;
    /// `struct task_struct` of include/linux/sched.h.
    pub struct task_struct;
    /// `struct workqueue_struct` of kernel/workqueue.c.
    pub struct workqueue_struct;
    /// `struct vm_area_struct` of include/linux/mm_types.h.
    pub struct vm_area_struct;
    /// `struct srcu_struct` of include/linux/srcu.h.
    pub struct srcu_struct;
}
