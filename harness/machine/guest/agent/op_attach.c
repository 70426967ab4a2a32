// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachment.h"
#include "handle_fd.h"
#include "libbpf_log.h"
#include "operation.h"

#define MAX_ITERATION (64u << 10)

/* One attach to be made: 0 or a negative errno. */
typedef int attach_fn(struct args *args, const struct bpf_program *program, struct attachment *attachment);

static int by_link(struct attachment *attachment, const struct bpf_program *program, int target,
		   enum bpf_attach_type type, const struct bpf_link_create_opts *opts)
{
	attachment->kind = ATTACHED_BY_LINK;
	attachment->link_fd = bpf_link_create(bpf_program__fd(program), target, type, opts);
	return attachment->link_fd < 0 ? -errno : 0;
}

static int by_libbpf(struct attachment *attachment, struct bpf_link *link)
{
	attachment->kind = ATTACHED_BY_LIBBPF;
	attachment->link = link;
	return link ? 0 : -errno;
}

static int ifindex_of(struct args *args)
{
	return (int)args_uint(args, "ifindex", INT32_MAX);
}

static int attach_xdp(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	const char *mode = args_string_or_null(args, "mode");
	LIBBPF_OPTS(bpf_link_create_opts, opts);

	if (mode && strcmp(mode, "generic") == 0)
		opts.flags = XDP_FLAGS_SKB_MODE;
	else if (mode && strcmp(mode, "native") == 0)
		opts.flags = XDP_FLAGS_DRV_MODE;
	else if (mode)
		args_complain(args, "mode", "is neither native nor generic");
	return by_link(attachment, program, ifindex_of(args), BPF_XDP, &opts);
}

static int attach_tc(struct args *args, const struct bpf_program *program, struct attachment *attachment,
		     enum bpf_tc_attach_point point)
{
	uint32_t priority = args_uint_or(args, "priority", UINT16_MAX, 0);
	uint32_t handle = args_uint_or(args, "filter_handle", UINT32_MAX, 0);

	if (!args_valid(args))
		return -EINVAL;
	return tc_attach(attachment, bpf_program__fd(program), ifindex_of(args), point, priority, handle);
}

static int attach_tc_ingress(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return attach_tc(args, program, attachment, BPF_TC_INGRESS);
}

static int attach_tc_egress(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return attach_tc(args, program, attachment, BPF_TC_EGRESS);
}

static int attach_tcx_ingress(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return by_link(attachment, program, ifindex_of(args), BPF_TCX_INGRESS, NULL);
}

static int attach_tcx_egress(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return by_link(attachment, program, ifindex_of(args), BPF_TCX_EGRESS, NULL);
}

static int attach_netkit_primary(struct args *args, const struct bpf_program *program,
				 struct attachment *attachment)
{
	return by_link(attachment, program, ifindex_of(args), BPF_NETKIT_PRIMARY, NULL);
}

static int attach_netkit_peer(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return by_link(attachment, program, ifindex_of(args), BPF_NETKIT_PEER, NULL);
}

/* Attaches to what `path` names: a cgroup's folder or a namespace's file. */
static int attach_path(struct args *args, const struct bpf_program *program, struct attachment *attachment,
		       enum bpf_attach_type type)
{
	int error, target = open(args_string(args, "path"), O_RDONLY | O_CLOEXEC);

	if (target < 0)
		return -errno;
	error = by_link(attachment, program, target, type, NULL);
	close(target);
	return error;
}

static int attach_cgroup(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	return attach_path(args, program, attachment, bpf_program__expected_attach_type(program));
}

static int attach_netns(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	enum bpf_attach_type type = bpf_program__type(program) == BPF_PROG_TYPE_FLOW_DISSECTOR ?
					    BPF_FLOW_DISSECTOR :
					    BPF_SK_LOOKUP;

	return attach_path(args, program, attachment, type);
}

static int attach_netfilter(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);

	opts.netfilter.pf = args_uint(args, "pf", UINT32_MAX);
	opts.netfilter.hooknum = args_uint(args, "hooknum", UINT32_MAX);
	opts.netfilter.priority = args_int_or(args, "priority", INT32_MIN, INT32_MAX, 0);
	return by_link(attachment, program, 0, BPF_NETFILTER, &opts);
}

static bool section_begins(const struct bpf_program *program, const char *prefix)
{
	return strncmp(bpf_program__section_name(program), prefix, strlen(prefix)) == 0;
}

/*
 * kprobe, kretprobe by a function's name; kprobe.multi, kretprobe.multi, kprobe.session by a
 * pattern of names.
 */
static struct bpf_link *attach_symbol(const struct bpf_program *program, const char *symbol)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	bool retprobe = section_begins(program, "kret");

	if (type == BPF_TRACE_KPROBE_MULTI || type == BPF_TRACE_KPROBE_SESSION) {
		LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .retprobe = retprobe,
			    .session = type == BPF_TRACE_KPROBE_SESSION);

		return bpf_program__attach_kprobe_multi_opts(program, symbol, &opts);
	}
	return bpf_program__attach_kprobe(program, retprobe, symbol);
}

static struct bpf_link *attach_tracepoint(const struct bpf_program *program, char *tracepoint)
{
	char *name = strchr(tracepoint, '/');

	if (bpf_program__type(program) != BPF_PROG_TYPE_TRACEPOINT)
		return bpf_program__attach_raw_tracepoint(program, tracepoint);
	if (!name) {
		errno = EINVAL;
		return NULL;
	}
	*name = '\0';
	return bpf_program__attach_tracepoint(program, tracepoint, name + 1);
}

static int attach_auto(struct args *args, const struct bpf_program *program, struct attachment *attachment)
{
	const char *symbol = args_string_or_null(args, "symbol");
	/* The string is the request's own copy. */
	char *tracepoint = (char *)args_string_or_null(args, "tracepoint");

	if (symbol)
		return by_libbpf(attachment, attach_symbol(program, symbol));
	if (tracepoint)
		return by_libbpf(attachment, attach_tracepoint(program, tracepoint));
	return by_libbpf(attachment, bpf_program__attach(program));
}

static const struct {
	const char *hook;
	attach_fn *attach;
} hooks[] = {
	{ "auto", attach_auto },
	{ "xdp", attach_xdp },
	{ "tc_ingress", attach_tc_ingress },
	{ "tc_egress", attach_tc_egress },
	{ "tcx_ingress", attach_tcx_ingress },
	{ "tcx_egress", attach_tcx_egress },
	{ "netkit_primary", attach_netkit_primary },
	{ "netkit_peer", attach_netkit_peer },
	{ "cgroup", attach_cgroup },
	{ "netns", attach_netns },
	{ "netfilter", attach_netfilter },
};

static attach_fn *find_hook(const char *name)
{
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (strcmp(hooks[i].hook, name) == 0)
			return hooks[i].attach;
	}
	return NULL;
}

/* sk_msg, sk_skb and stream parsers run from a sockmap, which is not a link. */
static int attach_to_map(struct attachment *attachment, const struct bpf_program *program,
			 const struct bpf_map *map)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	int error = bpf_prog_attach(bpf_program__fd(program), bpf_map__fd(map), type, 0);

	if (error)
		return error;
	attachment->kind = ATTACHED_TO_MAP;
	attachment->map.map_fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
	attachment->map.prog_fd = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3);
	attachment->map.type = type;
	return 0;
}

static int attach_struct_ops(struct object *object, const struct bpf_map *map, struct attachment *attachment)
{
	int error = by_libbpf(attachment, bpf_map__attach_struct_ops(map));

	/* Without BPF_F_LINK the map's own file descriptor is the attachment. */
	if (!error && !(bpf_map__map_flags(map) & BPF_F_LINK)) {
		attachment->object = object;
		object->users++;
	}
	return error;
}

/* What an iterator's program writes, read once. */
static void reply_iteration(struct reply *reply, int link_fd)
{
	char *text = malloc(MAX_ITERATION);
	int fd = bpf_iter_create(link_fd);
	int error = fd < 0 ? errno : 0;
	size_t length = 0;
	ssize_t got;

	if (!text)
		abort();
	while (fd >= 0 && length < MAX_ITERATION) {
		got = read(fd, text + length, MAX_ITERATION - length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			error = errno;
		if (got <= 0)
			break;
		length += got;
	}
	if (fd >= 0)
		close(fd);
	reply_key(reply, "iteration");
	reply_map(reply, 2);
	reply_key_uint(reply, "errno", error);
	reply_key_bytes(reply, "data", text, length);
	free(text);
}

static void reply_attachment(struct reply *reply, const struct attachment *attachment, uint32_t id)
{
	struct bpf_link_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = attachment_link_fd(attachment);
	bool link = fd >= 0 && bpf_link_get_info_by_fd(fd, &info, &length) == 0;
	bool iterator = link && info.type == BPF_LINK_TYPE_ITER;

	reply_map(reply, 2 + 2 * link + iterator);
	reply_key_uint(reply, "link", id);
	if (link) {
		reply_key_uint(reply, "id", info.id);
		reply_key_uint(reply, "type", info.type);
	}
	if (iterator)
		reply_iteration(reply, fd);
	reply_key_string(reply, "log", libbpf_log_text());
}

/* Puts the program in the place of the one that is attached. 0 or a negative errno. */
static int replace(struct args *args, const struct attachment *attachment, const struct bpf_program *program)
{
	struct args expected = args_map_or_none(args, "expected");
	LIBBPF_OPTS(bpf_link_update_opts, opts);
	int link = attachment_link_fd(attachment);

	if (expected.map) {
		int fd = handle_fd(&expected);

		if (fd < 0)
			args_complain(args, "expected", "names nothing that has a file descriptor");
		opts.old_prog_fd = fd;
		opts.flags = BPF_F_REPLACE;
	}
	if (!args_valid(args))
		return -EINVAL;
	if (attachment->kind == ATTACHED_BY_TC && !expected.map)
		return tc_replace(attachment, bpf_program__fd(program));
	if (link < 0)
		return -EOPNOTSUPP;
	return bpf_link_update(link, bpf_program__fd(program), &opts) < 0 ? -errno : 0;
}

static void replace_attached(struct args *args, const struct bpf_program *program, struct reply *reply)
{
	uint32_t id = args_uint(args, "replaces", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_LINK);
	int error;

	if (!args_valid(args))
		return;
	if (!handle || !program) {
		reply_fail(reply, handle ? EINVAL : EBADF, "replace the program of link %u", id);
		return;
	}
	error = replace(args, handle->attachment, program);
	if (error)
		reply_fail_with_log(reply, error, libbpf_log_text(), "replace the program of link %u by %s", id,
				    bpf_program__name(program));
	else
		reply_attachment(reply, handle->attachment, id);
}

void op_attach(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	const char *program_name = args_string_or_null(args, "program");
	const char *map_name = args_string_or_null(args, "map");
	const char *hook = args_string(args, "hook");
	struct attachment made = { 0 }, *attachment;
	const struct bpf_program *program = NULL;
	const struct bpf_map *map = NULL;
	struct handle *handle;
	int error;

	if (!object || !args_valid(args))
		return;
	if (program_name)
		program = bpf_object__find_program_by_name(object->bpf, program_name);
	if (map_name)
		map = bpf_object__find_map_by_name(object->bpf, map_name);
	if ((program_name && (!program || bpf_program__fd(program) < 0)) ||
	    (map_name && (!map || bpf_map__fd(map) < 0)) || (!program && !map)) {
		reply_fail(reply, ENOENT, "attach %s: it is not loaded", program_name ? program_name : map_name ? map_name : "nothing");
		return;
	}
	if (!find_hook(hook)) {
		reply_fail(reply, EOPNOTSUPP, "attach: hook %.64s has no attach point the agent can make", hook);
		return;
	}
	libbpf_log_begin();
	if (args_has(args, "replaces")) {
		replace_attached(args, program, reply);
		return;
	}
	if (program && map)
		error = attach_to_map(&made, program, map);
	else if (map)
		error = attach_struct_ops(object, map, &made);
	else
		error = find_hook(hook)(args, program, &made);
	if (error || !args_valid(args)) {
		if (!error)
			attachment_detach(&made);
		reply_fail_with_log(reply, error, libbpf_log_text(), "attach %s to %s",
				    program_name ? program_name : map_name, hook);
		return;
	}
	attachment = malloc(sizeof(*attachment));
	if (!attachment)
		abort();
	*attachment = made;
	handle = handle_new(HANDLE_LINK);
	handle->attachment = attachment;
	reply_attachment(reply, attachment, handle->id);
}

void op_detach(struct args *args, struct reply *reply)
{
	uint32_t id = args_uint(args, "link", UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_LINK);
	int error;

	if (!args_valid(args))
		return;
	if (!handle) {
		reply_fail(reply, EBADF, "link %u", id);
		return;
	}
	error = attachment_detach(handle->attachment);
	free(handle->attachment);
	handle_drop(handle);
	if (error)
		reply_fail(reply, error, "detach link %u", id);
	else
		reply_map(reply, 0);
}
