// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OBJECT_H
#define BPFGATE_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "args.h"
#include "coverage.h"
#include "handle.h"
#include "reply.h"

/* Coverage of one program. */
struct coverage_entry {
	const struct bpf_program *program;
	struct coverage coverage;
};

/* An ELF object that libbpf has opened. */
struct object {
	struct bpf_object *bpf;
	bool loaded;
	/* For maps that are created while it is opened (object_token.h). */
	int token;
	/* Number of attachments that need the object's own file descriptors. */
	unsigned int users;
	/* Templates of inner maps, held until the object is loaded. */
	int *inner_fds;
	size_t inner_count;
	/* Shapes of the inner maps (inner_map.h). */
	struct inner_template *templates;
	size_t template_count;
	/* Paths of the pins that loading made (pins.h). */
	char **pins;
	size_t pin_count;
	/* Watched maps of events (watch.h), and the snapshot of all maps (snapshot.h). */
	struct watch *watches;
	struct snapshot *snapshot;
	/* The programs that were to be loaded with probes. */
	struct coverage_entry *coverage;
	size_t coverage_count;
};

/* The object in argument `key`, or NULL after failing the reply with EBADF. */
struct object *object_argument(struct args *args, const char *key, struct reply *reply);
/*
 * The map of this object in argument `map`. NULL after failing the reply: ENOENT, or EBADF if the
 * object is not loaded.
 */
struct bpf_map *object_map_argument(struct args *args, const struct object *object, struct reply *reply);

#endif
