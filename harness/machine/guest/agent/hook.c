// SPDX-License-Identifier: Apache-2.0
#include "hook.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hook_iterator.h"
#include "hook_made.h"
#include "hook_user.h"

/* Attaches to one kind of hook; `type` is that of the table below. 0 or a negative errno. */
typedef int attach_fn(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type);

static int by_link(struct attachment *attachment, const struct bpf_program *program, int target,
		   enum bpf_attach_type type, const struct bpf_link_create_opts *opts)
{
	attachment->kind = ATTACHED_BY_LINK;
	attachment->link_fd = bpf_link_create(bpf_program__fd(program), target, type, opts);
	return attachment->link_fd < 0 ? -errno : 0;
}

uint32_t hook_xdp_mode(struct args *args)
{
	const char *mode = args_string_or_null(args, "mode");

	if (mode && strcmp(mode, "generic") == 0)
		return XDP_FLAGS_SKB_MODE;
	if (mode && strcmp(mode, "native") == 0)
		return XDP_FLAGS_DRV_MODE;
	if (mode)
		args_complain(args, "mode", "is \"%.32s\", expected native or generic", mode);
	return 0;
}

/* XDP, tcx and netkit; of these only XDP has modes. */
static int attach_device(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	int ifindex = (int)args_uint(args, "ifindex", INT32_MAX);
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = type == BPF_XDP ? hook_xdp_mode(args) : 0);

	return args_valid(args) ? by_link(attachment, program, ifindex, type, &opts) : -EINVAL;
}

static int attach_tc(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	uint32_t priority = args_uint_or(args, "priority", UINT16_MAX, 0);
	uint32_t handle = args_uint_or(args, "filter_handle", UINT32_MAX, 0);
	int ifindex = (int)args_uint(args, "ifindex", INT32_MAX);

	return args_valid(args) ? tc_attach(attachment, bpf_program__fd(program), ifindex, type, priority, handle) :
				  -EINVAL;
}

/* Attaches to the file or folder `path`: a cgroup or a network namespace. */
static int attach_path(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	int error, target = open(args_string(args, "path"), O_RDONLY | O_CLOEXEC);

	if (target < 0)
		return -errno;
	error = by_link(attachment, program, target, type, NULL);
	close(target);
	return error;
}

static int attach_cgroup(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	(void)type;
	return attach_path(args, program, attachment, bpf_program__expected_attach_type(program));
}

static int attach_netns(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	bool dissector = bpf_program__type(program) == BPF_PROG_TYPE_FLOW_DISSECTOR;

	return attach_path(args, program, attachment, dissector ? BPF_FLOW_DISSECTOR : type);
}

static int attach_netfilter(struct args *args, const struct bpf_program *program, struct attachment *attachment,
			    int type)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);

	opts.netfilter.pf = args_uint(args, "pf", UINT32_MAX);
	opts.netfilter.hooknum = args_uint(args, "hooknum", UINT32_MAX);
	opts.netfilter.priority = args_int_or(args, "priority", INT32_MIN, INT32_MAX, 0);
	return by_link(attachment, program, 0, type, &opts);
}

/*
 * kprobe and kretprobe by a function's name; kprobe.multi, kretprobe.multi and kprobe.session by a
 * pattern of names.
 */
static struct bpf_link *attach_symbol(const struct bpf_program *program, const char *symbol)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	bool retprobe = strncmp(bpf_program__section_name(program), "kret", strlen("kret")) == 0;

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

static int attach_auto(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type)
{
	const char *symbol = args_string_or_null(args, "symbol");
	const char *binary = args_string_or_null(args, "binary");
	const char *probe = args_string_or_null(args, "probe");
	/* The string is the request's own copy. */
	char *tracepoint = (char *)args_string_or_null(args, "tracepoint");

	(void)type;
	attachment->kind = ATTACHED_BY_LIBBPF;
	attachment->link = binary && probe  ? attach_user_probe(program, binary, probe) :
			   binary && symbol ? attach_user_function(program, binary, symbol) :
			   symbol	    ? attach_symbol(program, symbol) :
			   tracepoint	    ? attach_tracepoint(program, tracepoint) :
					      bpf_program__attach(program);
	return attachment->link ? 0 : -errno;
}

static const struct hook {
	const char *name;
	attach_fn *attach;
	int type;
} hooks[] = {
	{ "auto", attach_auto, 0 },
	{ "xdp", attach_device, BPF_XDP },
	{ "tc_ingress", attach_tc, BPF_TC_INGRESS },
	{ "tc_egress", attach_tc, BPF_TC_EGRESS },
	{ "tcx_ingress", attach_device, BPF_TCX_INGRESS },
	{ "tcx_egress", attach_device, BPF_TCX_EGRESS },
	{ "netkit_primary", attach_device, BPF_NETKIT_PRIMARY },
	{ "netkit_peer", attach_device, BPF_NETKIT_PEER },
	{ "cgroup", attach_cgroup, 0 },
	{ "netns", attach_netns, BPF_SK_LOOKUP },
	{ "netfilter", attach_netfilter, BPF_NETFILTER },
	{ "socket", attach_socket, SO_ATTACH_BPF },
	{ "reuseport", attach_socket, SO_ATTACH_REUSEPORT_EBPF },
	{ "sockmap", attach_sockmap, 0 },
	{ "devmap", attach_xdp_map, BPF_MAP_TYPE_DEVMAP },
	{ "cpumap", attach_xdp_map, BPF_MAP_TYPE_CPUMAP },
	{ "perf_event", attach_perf_event, PERF_COUNT_SW_CPU_CLOCK },
	{ "route", attach_route, 0 },
	{ "action", attach_action, 0 },
	{ "iterator", attach_iterator, BPF_TRACE_ITER },
};

const struct hook *hook_find(const char *name)
{
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	}
	return NULL;
}

int hook_attach(const struct hook *hook, struct args *args, const struct bpf_program *program,
		struct attachment *attachment)
{
	return hook->attach(args, program, attachment, hook->type);
}
