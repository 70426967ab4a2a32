// SPDX-License-Identifier: Apache-2.0
#include "attachment.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

int attachment_link_fd(const struct attachment *attachment)
{
	switch (attachment->kind) {
	case ATTACHED_BY_LIBBPF:
		return bpf_link__fd(attachment->link);
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

int attachment_detach(struct attachment *attachment)
{
	if (attachment->object)
		attachment->object->users--;
	switch (attachment->kind) {
	case ATTACHED_BY_LIBBPF:
		return bpf_link__destroy(attachment->link);
	case ATTACHED_BY_LINK:
		return close(attachment->link_fd) < 0 ? -errno : 0;
	case ATTACHED_BY_TC:
		return tc_detach(attachment);
	case ATTACHED_TO_MAP:
		return detach_from_map(attachment);
	}
	return -EINVAL;
}
