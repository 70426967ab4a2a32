// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "attachment.h"
#include "memory.h"
#include "netns.h"

/*
 * A clsact qdisc that the agent has created in the network namespace `netns`, and how many of the
 * agent's filters it has.
 */
struct clsact {
	struct clsact *next;
	int ifindex;
	uint32_t netns;
	unsigned int filters;
};

static struct clsact *made;

static struct clsact **find_made(int ifindex)
{
	struct clsact **at = &made;

	while (*at && ((*at)->ifindex != ifindex || (*at)->netns != netns_current()))
		at = &(*at)->next;
	return at;
}

static int ensure_clsact(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int error = bpf_tc_hook_create(&hook);
	struct clsact *clsact;

	if (error)
		return error == -EEXIST ? 0 : error;
	clsact = memory_zeroed(sizeof(*clsact));
	clsact->ifindex = ifindex;
	clsact->netns = netns_current();
	clsact->next = made;
	made = clsact;
	return 0;
}

static int release_clsact(int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	struct clsact **at = find_made(ifindex);
	struct clsact *clsact = *at;

	if (!clsact || clsact->filters > 0)
		return 0;
	*at = clsact->next;
	free(clsact);
	return bpf_tc_hook_destroy(&hook);
}

int tc_attach(struct attachment *attachment, int prog_fd, int ifindex, enum bpf_tc_attach_point point,
	      uint32_t priority, uint32_t handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .priority = priority, .handle = handle);
	int error = ensure_clsact(ifindex);

	if (error)
		return error;
	error = bpf_tc_attach(&hook, &opts);
	if (error) {
		release_clsact(ifindex);
		return error;
	}
	if (*find_made(ifindex))
		(*find_made(ifindex))->filters++;
	attachment->kind = ATTACHED_BY_TC;
	attachment->tc.ifindex = ifindex;
	attachment->tc.netns = netns_current();
	attachment->tc.point = point;
	attachment->tc.handle = opts.handle;
	attachment->tc.priority = opts.priority;
	return 0;
}

int tc_replace(const struct attachment *attachment, int prog_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attachment->tc.ifindex, .attach_point = attachment->tc.point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE,
		    .handle = attachment->tc.handle, .priority = attachment->tc.priority);
	uint32_t before = netns_current();
	int error = netns_enter(attachment->tc.netns);

	if (error)
		return error;
	error = bpf_tc_attach(&hook, &opts);
	netns_enter(before);
	return error;
}

int tc_detach(const struct attachment *attachment)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attachment->tc.ifindex, .attach_point = attachment->tc.point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = attachment->tc.handle, .priority = attachment->tc.priority);
	uint32_t before = netns_current();
	int error = netns_enter(attachment->tc.netns);
	struct clsact *clsact;

	if (error)
		return error;
	error = bpf_tc_detach(&hook, &opts);
	clsact = *find_made(attachment->tc.ifindex);
	if (clsact)
		clsact->filters--;
	release_clsact(attachment->tc.ifindex);
	netns_enter(before);
	return error;
}
