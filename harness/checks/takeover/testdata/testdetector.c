// SPDX-License-Identifier: Apache-2.0
/*
 * Detectors for takeover.vm.test.ts, by their first argument; the second is an interface. `poll` looks
 * at the id of the interface's XDP program each second, as orchestrators do.
 */
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t xdp_id(const struct rtattr *xdp)
{
	int left = RTA_PAYLOAD(xdp);
	uint32_t id = 0;

	for (const struct rtattr *at = RTA_DATA(xdp); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if (at->rta_type == IFLA_XDP_PROG_ID)
			memcpy(&id, RTA_DATA(at), sizeof(id));
	}
	return id;
}

/* 0: there is none. */
static uint32_t program_of(unsigned int ifindex)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_index = (int)ifindex },
	};
	static char answer[32768];
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer;
	const struct ifinfomsg *link = NLMSG_DATA(message);
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	uint32_t id = 0;
	int left = 0;

	if (fd >= 0 && send(fd, &request, sizeof(request), 0) > 0 && recv(fd, answer, sizeof(answer), 0) > 0 &&
	    message->nlmsg_type == RTM_NEWLINK)
		left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof(*link)));
	for (const struct rtattr *at = IFLA_RTA(link); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		if ((at->rta_type & NLA_TYPE_MASK) == IFLA_XDP)
			id = xdp_id(at);
	}
	close(fd);
	return id;
}

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	unsigned int ifindex = argc > 2 ? if_nametoindex(argv[2]) : 0;
	uint32_t before = program_of(ifindex);

	if (strcmp(how, "ends") == 0) {
		say("there is nothing to watch");
		return 3;
	}
	say("ready");
	if (strcmp(how, "alarmist") == 0)
		say("a program is attached!");
	while (strcmp(how, "floods") == 0)
		puts("all is well, all is well, all is well, all is well, all is well, all is well");
	for (;; sleep(1)) {
		if (strcmp(how, "poll") == 0 && program_of(ifindex) != before) {
			before = program_of(ifindex);
			printf("the program is %u now\n", before);
			fflush(stdout);
		}
	}
}
