// SPDX-License-Identifier: Apache-2.0
#include "hook_made.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* `fd` holds the program: closing it detaches. */
static int held(struct attachment *attachment, int fd, int error)
{
	if (error) {
		close(fd);
		return error;
	}
	attachment->kind = ATTACHED_BY_FD;
	attachment->link_fd = fd;
	return 0;
}

int attach_socket(struct args *args, const struct bpf_program *program, struct attachment *attachment, int option)
{
	int program_fd = bpf_program__fd(program), on = 1, error = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)args;
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, option, &program_fd, sizeof(program_fd)))
		error = -errno;
	return held(attachment, fd, error);
}

int attach_sockmap(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	int map_fd = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "sockets", sizeof(int), sizeof(int), 1, NULL);
	int error, program_fd;

	(void)args;
	(void)unused;
	if (map_fd < 0)
		return -errno;
	/* The section `sk_skb` gives no attach type; its loader chooses one. */
	if (bpf_program__type(program) == BPF_PROG_TYPE_SK_SKB && type == 0)
		type = BPF_SK_SKB_STREAM_VERDICT;
	error = bpf_prog_attach(bpf_program__fd(program), map_fd, type, 0);
	program_fd = error ? -1 : fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3);
	if (program_fd < 0) {
		error = error ? error : -errno;
		close(map_fd);
		return error;
	}
	attachment->kind = ATTACHED_TO_MAP;
	attachment->map.map_fd = map_fd;
	attachment->map.prog_fd = program_fd;
	attachment->map.type = type;
	return 0;
}

/* struct bpf_devmap_val and struct bpf_cpumap_val (uapi/linux/bpf.h). */
struct entry {
	uint32_t ifindex_or_queue;
	int program_fd;
};

int attach_xdp_map(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	const uint32_t queue = 64, key = 0;
	struct entry entry = { .ifindex_or_queue = queue, .program_fd = bpf_program__fd(program) };
	int fd;

	if (type == BPF_MAP_TYPE_DEVMAP)
		entry.ifindex_or_queue = (uint32_t)args_uint(args, "ifindex", INT32_MAX);
	if (!args_valid(args))
		return -EINVAL;
	fd = bpf_map_create(type, "entries", sizeof(key), sizeof(entry), 1, NULL);
	if (fd < 0)
		return -errno;
	return held(attachment, fd, bpf_map_update_elem(fd, &key, &entry, 0));
}

int attach_perf_event(struct args *args, const struct bpf_program *program, struct attachment *attachment, int event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = event,
		.sample_period = 1000 * 1000 * 1000,
	};
	int error, fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	(void)args;
	if (fd < 0)
		return -errno;
	attachment->kind = ATTACHED_BY_LIBBPF;
	attachment->link = bpf_program__attach_perf_event(program, fd);
	if (attachment->link)
		return 0;
	error = -errno;
	close(fd);
	return error;
}
