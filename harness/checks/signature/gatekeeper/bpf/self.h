/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a hardened gatekeeper protects itself: its settings are read-only data, its links are pinned
 * in a bpffs of its own in which nothing can be unlinked and which cannot be unmounted, and its
 * maps cannot be opened. A plain one has none of this.
 */
#ifndef BPFGATE_GATEKEEPER_SELF_H
#define BPFGATE_GATEKEEPER_SELF_H

#include "decision.h"

#ifdef HARDENED
/* libbpf freezes the map behind read-only data. */
#define SETTING SEC(".rodata.settings") const volatile
#else
/* Settings in a map that every root process can write to by its id. */
#define SETTING SEC(".data.settings") volatile
#endif

#define MAX_SERIALS 8

/*
 * Written before the program is loaded; ../gatekeeper-settings.ts has the same layout. Each
 * gatekeeper reads its own part.
 */
SETTING struct {
	/*
	 * The bpffs with the pins, as the kernel encodes a device (major << 20 | minor); 0: none.
	 */
	__u32 pins_dev;
	/*
	 * Keyrings whose signatures are admitted, a bit each: 1 builtin, 2 secondary, 4 platform, 8
	 * user.
	 */
	__u32 keyrings;
	/* Serial numbers of the admitted user keys and keyrings. */
	__s32 serials[MAX_SERIALS];
	/* The only process that may load. */
	__u32 trusted_tgid;
	/* Key or keyring against which signatures of executables are verified. */
	__s32 trusted_keyring;
} settings = {};

#ifdef HARDENED
static __always_inline __u32 map_id(void *map)
{
	return ((struct bpf_map *)map)->id;
}

static __always_inline bool is_own_map(__u32 id);

SEC("lsm/bpf_map")
int BPF_PROG(keep_maps, struct bpf_map *map, unsigned int mode)
{
	return is_own_map(map->id) ? -EPERM : 0;
}

SEC("lsm/inode_unlink")
int BPF_PROG(keep_pins, struct inode *dir, struct dentry *dentry)
{
	return settings.pins_dev && dir->i_sb->s_dev == settings.pins_dev ? -EPERM : 0;
}

SEC("lsm/inode_rename")
int BPF_PROG(keep_names, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new)
{
	return settings.pins_dev && new_dir->i_sb->s_dev == settings.pins_dev ? -EPERM : 0;
}

SEC("lsm/sb_umount")
int BPF_PROG(keep_mount, struct vfsmount *mount, int flags)
{
	return settings.pins_dev && mount->mnt_sb->s_dev == settings.pins_dev ? -EPERM : 0;
}
#endif

#endif
