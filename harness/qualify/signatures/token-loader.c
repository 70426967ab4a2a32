// SPDX-License-Identifier: Apache-2.0
/*
 * Loads a signed program with a BPF token: root of the guest delegates to root of a user namespace,
 * which is an unprivileged user outside of it. Prints a line for each step, its name and its errno
 * (0: done), and for a loaded program `id` and its id; root of the guest pins the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct bytes {
	char at[1 << 16];
	ssize_t size;
};

struct plan {
	bool by_token;
	struct bytes insns, data, cms, hash;
	int keyring;
	unsigned int counted;
	const char *pin;
};

static int report(const char *step, long result)
{
	printf("%s %d\n", step, result < 0 ? errno : 0);
	fflush(stdout);
	return result < 0 ? -1 : (int)result;
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static bool read_file(const char *path, struct bytes *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	bytes->size = fd < 0 ? -1 : read(fd, bytes->at, sizeof(bytes->at));
	if (fd >= 0)
		close(fd);
	return bytes->size > 0;
}

/* Sends a byte, and a descriptor with it unless that is -1. */
static bool send_fd(int socket, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

/* False when the other side has closed. */
static bool receive_fd(int socket, int *fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	*fd = -1;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return false;
	if (message.msg_controllen > 0 && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&control.head), sizeof(*fd));
	return true;
}

static bool wait_for_other(int socket)
{
	int none;

	return receive_fd(socket, &none);
}

static int create_token(int bpffs)
{
	union bpf_attr attr = { .token_create.bpffs_fd = bpffs };

	return bpf(BPF_TOKEN_CREATE, &attr);
}

/* The metadata map, as skel_internal.h of libbpf creates it. */
static int make_map(const struct plan *plan, int token)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = plan->data.size,
		.max_entries = 1,
		.map_flags = BPF_F_TOKEN_FD,
		.map_token_fd = token,
		.excl_prog_hash = (uintptr_t)plan->hash.at,
		.excl_prog_hash_size = plan->hash.size,
	};
	int map = report("map-create", bpf(BPF_MAP_CREATE, &create));
	uint32_t key = 0;
	union bpf_attr update = { 0 }, freeze = { 0 };

	update.map_fd = freeze.map_fd = map;
	update.key = (uintptr_t)&key;
	update.value = (uintptr_t)plan->data.at;
	if (map < 0 || report("map-fill", bpf(BPF_MAP_UPDATE_ELEM, &update)) < 0 ||
	    report("map-freeze", bpf(BPF_MAP_FREEZE, &freeze)) < 0)
		return -1;
	return map;
}

static int load(const struct plan *plan, int token, int map)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.insns = (uintptr_t)plan->insns.at,
		.insn_cnt = plan->insns.size / sizeof(struct bpf_insn),
		.license = (uintptr_t)"Dual BSD/GPL",
		.prog_flags = BPF_F_SLEEPABLE,
		.fd_array = (uintptr_t)&map,
		.fd_array_cnt = plan->counted,
		.signature = (uintptr_t)plan->cms.at,
		.signature_size = plan->cms.size,
		.keyring_id = plan->keyring,
	};

	if (plan->by_token) {
		attr.prog_flags |= BPF_F_TOKEN_FD;
		attr.prog_token_fd = token;
	}
	return bpf(BPF_PROG_LOAD, &attr);
}

static int inside(const struct plan *plan, int outside)
{
	int context, mount, root, token, map, program;

	if (report("user-namespace", unshare(CLONE_NEWUSER | CLONE_NEWNS)) < 0)
		return 0;
	if (!send_fd(outside, -1) || !wait_for_other(outside) ||
	    report("identity", setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -1 : 0) < 0)
		return 0;
	context = report("fsopen", fsopen("bpf", FSOPEN_CLOEXEC));
	if (context < 0 || !send_fd(outside, context) || !wait_for_other(outside))
		return 0;
	mount = report("fsmount", fsmount(context, FSMOUNT_CLOEXEC, 0));
	root = mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	token = mount < 0 ? -1 : report("token", root < 0 ? -1 : create_token(root));
	map = token < 0 ? -1 : make_map(plan, token);
	program = map < 0 ? -1 : report("load", load(plan, token, map));
	return program >= 0 && !send_fd(outside, program);
}

static bool map_ids(pid_t child, const char *file, const char *line)
{
	char path[64];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	if (fd >= 0)
		close(fd);
	return done;
}

static int delegate(int context)
{
	static const char *const options[][2] = {
		{ "delegate_cmds", "map_create:prog_load" },
		{ "delegate_maps", "array" },
		{ "delegate_progs", "syscall" },
		{ "delegate_attachs", "any" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (fsconfig(context, FSCONFIG_SET_STRING, options[i][0], options[i][1], 0) < 0)
			return -1;
	}
	return fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static int keep(int program, const char *path)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr ask = { .info = { .bpf_fd = program, .info_len = sizeof(info), .info = (uintptr_t)&info } };
	union bpf_attr pin = { .pathname = (uintptr_t)path, .bpf_fd = program };

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) < 0 || bpf(BPF_OBJ_PIN, &pin) < 0)
		return 1;
	printf("id %u\n", info.id);
	return 0;
}

/* The other side closes when a step was refused, and has then reported the step. */
static int outside(const struct plan *plan, pid_t child, int inside)
{
	/* 65534 is unprivileged: the namespace's root has no rights of the guest's root. */
	static const char ids[] = "0 65534 1";
	int context, program;

	if (!wait_for_other(inside))
		return 0;
	if (!map_ids(child, "uid_map", ids) || !map_ids(child, "gid_map", ids))
		return 1;
	if (!send_fd(inside, -1) || !receive_fd(inside, &context))
		return 0;
	if (report("delegate", delegate(context)) < 0)
		return 0;
	if (!send_fd(inside, -1) || !receive_fd(inside, &program))
		return 0;
	return keep(program, plan->pin);
}

/* token|no-token <insns> <data> <cms> <SHA-256 of insns> <keyring> <counted maps> <pin> */
int main(int argc, char **argv)
{
	static struct plan plan;
	int pair[2], status, failed;
	pid_t child;

	if (argc != 9 || !read_file(argv[2], &plan.insns) || !read_file(argv[3], &plan.data) ||
	    !read_file(argv[4], &plan.cms) || !read_file(argv[5], &plan.hash))
		return 2;
	plan.by_token = strcmp(argv[1], "token") == 0;
	plan.keyring = atoi(argv[6]);
	plan.counted = atoi(argv[7]);
	plan.pin = argv[8];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || (child = fork()) < 0)
		return 1;
	if (child == 0) {
		close(pair[0]);
		return inside(&plan, pair[1]);
	}
	close(pair[1]);
	failed = outside(&plan, child, pair[0]);
	close(pair[0]);
	return waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) || failed;
}
