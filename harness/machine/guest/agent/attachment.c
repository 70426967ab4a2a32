// SPDX-License-Identifier: Apache-2.0
#include "attachment.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "hook_made.h"

int attachment_link_fd(const struct attachment *attachment)
{
	switch (attachment->kind) {
	case ATTACHED_BY_LIBBPF:
		/* The descriptor of such a struct_ops map is no link; libbpf's USDT links have 0. */
		return attachment->object || bpf_link__fd(attachment->link) == 0 ? -1 : bpf_link__fd(attachment->link);
	case ATTACHED_BY_LINK:
		return attachment->link_fd;
	default:
		return -1;
	}
}

static int detach_from_map(const struct attachment *attachment)
{
	int error = bpf_prog_detach2(attachment->map.prog_fd, attachment->map.map_fd, attachment->map.type);

	close(attachment->map.prog_fd);
	close(attachment->map.map_fd);
	return error;
}

/*
 * A program that is attached to close() may refuse it: replacing the file of a descriptor releases
 * the link without that call. 0 or a negative errno.
 */
static int released(int fd, int error)
{
	return error && fd >= 0 && dup2(STDERR_FILENO, fd) == fd && close(fd) == 0 ? 0 : error;
}

int attachment_detach(struct attachment *attachment)
{
	int fd = attachment_link_fd(attachment);

	if (attachment->object)
		attachment->object->users--;
	switch (attachment->kind) {
	case ATTACHED_BY_LIBBPF:
		return released(fd, bpf_link__destroy(attachment->link));
	case ATTACHED_BY_LINK:
		return released(fd, close(fd) < 0 ? -errno : 0);
	case ATTACHED_BY_TC:
		return tc_detach(attachment);
	case ATTACHED_TO_MAP:
		return detach_from_map(attachment);
	case ATTACHED_BY_FD:
		return released(attachment->link_fd, close(attachment->link_fd) < 0 ? -errno : 0);
	case ATTACHED_TO_ROUTE:
		return route_detach(attachment);
	case ATTACHED_TO_ACTION:
		return action_detach(attachment);
	}
	return -EINVAL;
}
