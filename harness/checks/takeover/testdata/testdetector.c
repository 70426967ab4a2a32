// SPDX-License-Identifier: Apache-2.0
/*
 * Detectors for takeover.vm.test.ts, by their first argument; the second is an interface. `poll` looks
 * at the id of the interface's XDP program each second, as orchestrators do. `audit` reads what the
 * kernel's audit says of BPF (AUDIT_BPF: programs that are loaded and unloaded), as auditd does.
 */
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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

/* Switches audit on and joins the group that gets every record (audit.h: AUDIT_NLGRP_READLOG). */
static int open_audit(void)
{
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST },
		.status = { .mask = AUDIT_STATUS_ENABLED, .enabled = 1 },
	};
	struct sockaddr_nl all = { .nl_family = AF_NETLINK, .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int control = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
	int log = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);

	if (control < 0 || send(control, &request, sizeof(request), 0) < 0 || log < 0 ||
	    bind(log, (struct sockaddr *)&all, sizeof(all)) < 0)
		perror("audit");
	close(control);
	return log;
}

/* The next record about a BPF program, or NULL when there is none within a second. */
static const char *next_record(int log)
{
	static char record[9000];
	const struct nlmsghdr *header = (const struct nlmsghdr *)record;
	struct pollfd ready = { .fd = log, .events = POLLIN };

	while (poll(&ready, 1, 1000) > 0) {
		ssize_t size = recv(log, record, sizeof(record) - 1, 0);

		if (size < NLMSG_HDRLEN || header->nlmsg_type != AUDIT_BPF)
			continue;
		record[size] = 0;
		return NLMSG_DATA(header);
	}
	return NULL;
}

/* Loads and unloads a program: whether audit tells of both. */
static bool audit_tells(int log)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.insns = (uintptr_t)code,
		.license = (uintptr_t)"GPL",
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0 || !next_record(log))
		return false;
	close(fd);
	return next_record(log) != NULL;
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
	if (strcmp(how, "audit") == 0) {
		int log = open_audit();

		if (!audit_tells(log))
			return 3;
		say("ready");
		for (;;) {
			const char *record = next_record(log);

			if (record)
				say(record);
		}
	}
	say("ready");
	if (strcmp(how, "alarmist") == 0)
		say("a program is attached!");
	/* After any takeover, and after none. */
	if (strcmp(how, "late") == 0) {
		sleep(1);
		say("a program is attached!");
	}
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
