// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/tc_act/tc_bpf.h>

#include "hook_made.h"
#include "netlink.h"
#include "netns.h"

/* Of the agent's action, among the bpf actions of its network namespace. */
static const uint32_t index_of_action = 0x6267;

/* Begins a request about one bpf action; `nests` must be ended, the last first. */
static void describe(struct netlink_request *request, uint16_t type, uint16_t flags, struct rtattr *nests[2])
{
	netlink_begin(request, type, flags, sizeof(struct tcamsg));
	nests[0] = netlink_nest(request, TCA_ACT_TAB);
	nests[1] = netlink_nest(request, 1);
	netlink_attribute(request, TCA_ACT_KIND, "bpf", sizeof("bpf"));
}

static int finish(struct netlink_request *request, struct rtattr *nests[2])
{
	netlink_nest_end(request, nests[1]);
	netlink_nest_end(request, nests[0]);
	return netlink_call(request);
}

int attach_action(struct args *args, const struct bpf_program *program, struct attachment *attachment, int unused)
{
	struct tc_act_bpf parameters = { .index = index_of_action, .action = TC_ACT_PIPE };
	int fd = bpf_program__fd(program);
	struct netlink_request request;
	struct rtattr *nests[2], *options;

	(void)args;
	(void)unused;
	describe(&request, RTM_NEWACTION, NLM_F_CREATE | NLM_F_EXCL, nests);
	options = netlink_nest(&request, TCA_ACT_OPTIONS);
	netlink_attribute(&request, TCA_ACT_BPF_PARMS, &parameters, sizeof(parameters));
	netlink_attribute(&request, TCA_ACT_BPF_FD, &fd, sizeof(fd));
	netlink_attribute(&request, TCA_ACT_BPF_NAME, "bpfgate", sizeof("bpfgate"));
	netlink_nest_end(&request, options);
	attachment->kind = ATTACHED_TO_ACTION;
	attachment->action_netns = netns_current();
	return finish(&request, nests);
}

int action_detach(const struct attachment *attachment)
{
	uint32_t before = netns_current();
	int error = netns_enter(attachment->action_netns);
	struct netlink_request request;
	struct rtattr *nests[2];

	if (error)
		return error;
	describe(&request, RTM_DELACTION, 0, nests);
	netlink_attribute(&request, TCA_ACT_INDEX, &index_of_action, sizeof(index_of_action));
	error = finish(&request, nests);
	netns_enter(before);
	return error;
}
