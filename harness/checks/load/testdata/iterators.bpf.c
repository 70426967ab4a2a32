// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Iterators that need to be told over what: a map, a cgroup, a task.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct seq_file;
struct task_struct;
struct cgroup;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

struct bpf_iter__sockmap {
	struct bpf_iter_meta *meta;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/** Writes one byte for each element that there is. */
#define WRITE(element) \
	static const char mark = '.'; \
	if (element) \
		bpf_seq_write(ctx->meta->seq, &mark, sizeof(mark)); \
	return 0;

#define ELEMENTS(name) \
	SEC("iter/bpf_map_elem") int name(struct bpf_iter__bpf_map_elem *ctx) \
	{ \
		WRITE(ctx->value) \
	}

ELEMENTS(elements)
ELEMENTS(elements_of_none)
ELEMENTS(elements_of_sockets)

SEC("iter/bpf_map_elem") int elements_too_large(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;

	if (value)
		bpf_seq_write(ctx->meta->seq, value + 1, sizeof(*value));
	return 0;
}

SEC("iter/sockmap") int sockets_of_map(struct bpf_iter__sockmap *ctx)
{
	WRITE(ctx->meta)
}

SEC("iter/task") int tasks(struct bpf_iter__task *ctx)
{
	WRITE(ctx->task)
}

SEC("iter/task") int one_task(struct bpf_iter__task *ctx)
{
	WRITE(ctx->task)
}

SEC("iter/task") int one_process(struct bpf_iter__task *ctx)
{
	WRITE(ctx->task)
}

SEC("iter/task") int again(struct bpf_iter__task *ctx)
{
	return 1;
}

SEC("iter/cgroup") int cgroups(struct bpf_iter__cgroup *ctx)
{
	WRITE(ctx->cgroup)
}

SEC("iter/cgroup") int cgroups_of_all(struct bpf_iter__cgroup *ctx)
{
	WRITE(ctx->cgroup)
}

SEC("iter/cgroup") int cgroups_in_no_order(struct bpf_iter__cgroup *ctx)
{
	WRITE(ctx->cgroup)
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
