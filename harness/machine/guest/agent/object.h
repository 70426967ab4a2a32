// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OBJECT_H
#define BPFGATE_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "args.h"
#include "coverage.h"
#include "handle.h"
#include "reply.h"

/* What is measured of one program. */
struct coverage_entry {
	const struct bpf_program *program;
	struct coverage coverage;
};

/* An ELF object that libbpf has opened. */
struct object {
	struct bpf_object *bpf;
	bool loaded;
	/* For maps that are made while it is opened (object_token.h). */
	int token;
	/* Attachments whose existence needs the object's own file descriptors. */
	unsigned int users;
	/* Templates of inner maps, held until the object is loaded. */
	int *inner_fds;
	size_t inner_count;
	/* What the maps in its maps of maps look like (inner_map.h). */
	struct inner_template *templates;
	size_t template_count;
	/* Maps whose events are read (watch.h), and what its maps held (snapshot.h). */
	struct watch *watches;
	struct snapshot *snapshot;
	/* Of the programs that were loaded with probes, or should have been. */
	struct coverage_entry *coverage;
	size_t coverage_count;
};

/* The object named by argument `key`, or NULL after failing the reply with EBADF. */
struct object *object_argument(struct args *args, const char *key, struct reply *reply);
/*
 * The map of this object named by argument `map`, or NULL after failing the reply: ENOENT, or EBADF
 * when not loaded.
 */
struct bpf_map *object_map_argument(struct args *args, const struct object *object, struct reply *reply);

#endif
