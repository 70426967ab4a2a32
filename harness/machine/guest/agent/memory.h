// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MEMORY_H
#define BPFGATE_MEMORY_H

#include <stddef.h>

/* Memory that the caller frees, also for a size of 0. Without memory the agent ends (abort(3)). */
void *memory_zeroed(size_t size);
void *memory_resized(void *memory, size_t size);
void *memory_copy(const void *from, size_t size);

#endif
