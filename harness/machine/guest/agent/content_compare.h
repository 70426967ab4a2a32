// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_CONTENT_COMPARE_H
#define BPFGATE_CONTENT_COMPARE_H

#include "content.h"

/* True if both have the same entries in any order; in queues and stacks the order counts. */
bool content_equal(const struct content *a, const struct content *b, const struct map *map);
/* Called with a key and its current value, NULL if the key is gone. */
typedef void content_change_fn(void *context, const void *key, const void *value);
/* Reports each entry of `now` that is new or changed, then each key of `before` that is gone. */
void content_changes(const struct content *before, const struct content *now, const struct map *map,
		     content_change_fn *change, void *context);

#endif
