// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void *or_abort(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void *memory_zeroed(size_t size)
{
	return or_abort(calloc(1, size ? size : 1));
}

void *memory_resized(void *memory, size_t size)
{
	return or_abort(realloc(memory, size ? size : 1));
}

void *memory_copy(const void *from, size_t size)
{
	void *memory = memory_zeroed(size);

	if (size)
		memcpy(memory, from, size);
	return memory;
}
