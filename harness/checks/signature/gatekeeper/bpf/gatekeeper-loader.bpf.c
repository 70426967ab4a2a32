// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * For kernels without signatures: only executables whose fs-verity digest is signed may load
 * programs and make maps. Signatures are PKCS#7 over the digest as fsverity_formatted_digest
 * (linux/fsverity.h), by a key in the given keyring.
 */
#include "commands.h"
#include "self.h"

#define SHA256_SIZE 32
#define FS_VERITY_HASH_ALG_SHA256 1
#define MAX_SIGNATURE 1024

/* Empty, because libbpf does not match a type that is only declared. */
struct bpf_key {};

extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym;
extern void bpf_put_file(struct file *file) __ksym;
extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym;
extern struct bpf_key *bpf_lookup_user_key(__s32 serial, __u64 flags) __ksym;
extern void bpf_key_put(struct bpf_key *key) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *dynptr, __u64 start, __u64 end) __ksym;
extern int bpf_verify_pkcs7_signature(struct bpf_dynptr *data, struct bpf_dynptr *signature,
				      struct bpf_key *trusted) __ksym;

struct fsverity_digest {
	__u16 algorithm;
	__u16 size;
	__u8 digest[SHA256_SIZE];
};

struct formatted_digest {
	char magic[8];
	struct fsverity_digest digest;
};

struct signature {
	__u32 size;
	__u8 bytes[MAX_SIGNATURE];
};

/* By digest. An entry alone does not approve: its signature is verified. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__uint(key_size, SHA256_SIZE);
	__type(value, struct signature);
} signatures SEC(".maps");

/* Dynamic pointers to the stack are not allowed; one entry for each calling thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct formatted_digest);
} scratch SEC(".maps");

#ifdef HARDENED
static __always_inline bool is_own_map(__u32 id)
{
	return id == map_id(&decisions) || id == map_id(&signatures) || id == map_id(&scratch);
}
#endif

static __always_inline int verify(struct formatted_digest *formatted, struct signature *signature)
{
	struct bpf_dynptr data, bytes;
	struct bpf_key *key;
	int error;

	if (bpf_dynptr_from_mem(formatted, sizeof(*formatted), 0, &data) ||
	    bpf_dynptr_from_mem(signature->bytes, sizeof(signature->bytes), 0, &bytes) ||
	    signature->size > sizeof(signature->bytes) || bpf_dynptr_adjust(&bytes, 0, signature->size))
		return -EPERM;
	key = bpf_lookup_user_key(settings.trusted_keyring, 0);
	if (!key)
		return -EPERM;
	error = bpf_verify_pkcs7_signature(&data, &bytes, key);
	bpf_key_put(key);
	return error ? -EPERM : 0;
}

static __always_inline int approve(struct file *executable, struct formatted_digest *formatted)
{
	struct bpf_dynptr digest;
	struct signature *signature;

	if (bpf_dynptr_from_mem(&formatted->digest, sizeof(formatted->digest), 0, &digest) ||
	    bpf_get_fsverity_digest(executable, &digest) < 0)
		return -EPERM;
	if (formatted->digest.algorithm != FS_VERITY_HASH_ALG_SHA256 || formatted->digest.size != SHA256_SIZE)
		return -EPERM;
	signature = bpf_map_lookup_elem(&signatures, formatted->digest.digest);
	return signature ? verify(formatted, signature) : -EPERM;
}

static __always_inline int ask(void)
{
	struct formatted_digest empty = {}, *formatted;
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 thread = bpf_get_current_pid_tgid();
	struct file *executable;
	int ret = -EPERM;

#ifdef HARDENED
	/* A tracer decides what the process does. */
	if (task->ptrace)
		return -EPERM;
#endif
	__builtin_memcpy(empty.magic, "FSVerity", sizeof(empty.magic));
	executable = bpf_get_task_exe_file(task);
	if (!executable)
		return -EPERM;
	bpf_map_update_elem(&scratch, &thread, &empty, BPF_ANY);
	formatted = bpf_map_lookup_elem(&scratch, &thread);
	if (formatted)
		ret = approve(executable, formatted);
	bpf_map_delete_elem(&scratch, &thread);
	bpf_put_file(executable);
	return ret;
}

SEC("lsm.s/bpf")
int BPF_PROG(admit, int cmd, union bpf_attr *attr, unsigned int size)
{
	struct decision decision = { .cmd = cmd };

	if (!is_decided(cmd))
		return 0;
	return decided(&decision, ask() != 0);
}
