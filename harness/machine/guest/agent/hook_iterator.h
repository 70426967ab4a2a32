// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HOOK_ITERATOR_H
#define BPFGATE_HOOK_ITERATOR_H

#include "args.h"
#include "attachment.h"
#include "reply.h"

/* What an iterator's program wrote when it was read once. */
struct iteration {
	int error;
	char *text;
	size_t length;
};

/*
 * An iterator over the map `iterated`, the cgroup `path` in the order `order`, or the tasks of
 * `tid` or `pid`; without these over everything. 0 or a negative errno: EOPNOTSUPP where the kernel
 * ignores `tid` and `pid`.
 */
int attach_iterator(struct args *args, const struct bpf_program *program, struct attachment *attachment, int type);

/* Reads an iterator once, at most 64 KiB. */
struct iteration iteration_read(int link_fd);
/* Packs the key `iteration` and its value, and frees the text. */
void reply_iteration(struct reply *reply, const struct iteration *iteration);

#endif
