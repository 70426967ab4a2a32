// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Requires a signature: admits a load by user space only when the kernel verified its signature
 * against an admitted keyring. Programs that a loader then loads with bpf_sys_bpf() are not signed.
 * The plain gatekeeper admits all such loads; the hardened one only those of a program that it
 * admitted.
 */
#include "commands.h"
#include "self.h"

#define KEYRING_USER 8

static __always_inline bool is_listed(__s32 serial)
{
	for (int i = 0; i < MAX_SERIALS; i++) {
		if (serial > 0 && settings.serials[i] == serial)
			return true;
	}
	return false;
}

/*
 * Kernels before 7.2 record no verdict. They call the hook after they verified a signature, so a
 * load with one is verified. They do not report which keyring a special id such as
 * KEY_SPEC_SESSION_KEYRING meant: is_listed() refuses it.
 */
static __always_inline void take_from_attr(const union bpf_attr *attr, struct decision *decision)
{
	__s32 id = attr->keyring_id;

	if (!attr->signature)
		return;
	decision->verdict = 1;
	decision->keyring_type = id == 0 ? 1 : id == 1 ? 2 : id == 2 ? 3 : 4;
	decision->keyring_serial = decision->keyring_type == 4 ? id : 0;
}

static __always_inline bool is_admitted(const struct decision *decision)
{
	__u32 keyring = decision->keyring_type ? 1 << (decision->keyring_type - 1) : 0;

	if (decision->verdict != 1 || !(settings.keyrings & keyring))
		return false;
	return keyring != KEYRING_USER || is_listed(decision->keyring_serial);
}

#ifdef HARDENED
/*
 * Programs that were admitted, or loaded by an admitted one, and threads that run one of them. A
 * program's aux never changes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} admitted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} running SEC(".maps");

static __always_inline bool is_own_map(__u32 id)
{
	return id == map_id(&decisions) || id == map_id(&admitted) || id == map_id(&running);
}

SEC("fentry/bpf_prog_test_run_syscall")
int BPF_PROG(enter_run, struct bpf_prog *prog)
{
	__u64 aux = (__u64)prog->aux, thread = bpf_get_current_pid_tgid();
	__u8 one = 1;

	if (bpf_map_lookup_elem(&admitted, &aux))
		bpf_map_update_elem(&running, &thread, &one, BPF_ANY);
	return 0;
}

SEC("fexit/bpf_prog_test_run_syscall")
int BPF_PROG(leave_run, struct bpf_prog *prog)
{
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&running, &thread);
	return 0;
}

static __always_inline bool by_admitted_program(void)
{
	__u64 thread = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&running, &thread);
}

/* Called for each load, so that the address of a freed program is not mistaken for its own. */
static __always_inline void remember(struct bpf_prog *prog, bool admit)
{
	__u64 aux = (__u64)prog->aux;
	__u8 one = 1;

	if (admit)
		bpf_map_update_elem(&admitted, &aux, &one, BPF_ANY);
	else
		bpf_map_delete_elem(&admitted, &aux);
}

/* The program behind a file descriptor of this process; another thread could replace it later. */
static __always_inline struct bpf_prog *program_of(__u32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slots = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file ? BPF_CORE_READ(file, private_data) : NULL;
}

static __always_inline __u32 attached_fd(int cmd, const union bpf_attr *attr)
{
	switch (cmd) {
	case BPF_LINK_CREATE:
		return attr->link_create.prog_fd;
	case BPF_LINK_UPDATE:
		return attr->link_update.new_prog_fd;
	case BPF_RAW_TRACEPOINT_OPEN:
		return attr->raw_tracepoint.prog_fd;
	default:
		return attr->attach_bpf_fd;
	}
}

/*
 * Programs that were loaded before must not be attached unnoticed. A struct_ops link names a map
 * instead.
 */
SEC("lsm/bpf")
int BPF_PROG(keep_hooks, int cmd, union bpf_attr *attr, unsigned int size)
{
	struct decision decision = { .cmd = cmd };
	struct bpf_prog *prog;
	__u64 aux;

	if (!attaches(cmd) || (cmd == BPF_LINK_CREATE && attr->link_create.attach_type == BPF_STRUCT_OPS))
		return 0;
	prog = program_of(attached_fd(cmd, attr));
	aux = prog ? (__u64)BPF_CORE_READ(prog, aux) : 0;
	return decided(&decision, !bpf_map_lookup_elem(&admitted, &aux));
}

SEC("lsm/bpf_prog_free")
int BPF_PROG(forget, struct bpf_prog *prog)
{
	remember(prog, false);
	return 0;
}
#else
static __always_inline bool by_admitted_program(void)
{
	return true;
}

static __always_inline void remember(struct bpf_prog *prog, bool admit)
{
}
#endif

SEC("lsm/bpf_prog_load")
int BPF_PROG(admit, struct bpf_prog *prog, union bpf_attr *attr, struct bpf_token *token, bool kernel)
{
	struct decision decision = { .cmd = BPF_PROG_LOAD, .by_program = kernel };
	bool deny;

	if (bpf_core_field_exists(prog->aux->sig)) {
		decision.verdict = prog->aux->sig.verdict;
		decision.keyring_type = prog->aux->sig.keyring_type;
		decision.keyring_serial = prog->aux->sig.keyring_serial;
	} else {
		take_from_attr(attr, &decision);
	}
	deny = kernel ? !by_admitted_program() : !is_admitted(&decision);
	remember(prog, !deny);
	return decided(&decision, deny);
}
