// SPDX-License-Identifier: Apache-2.0
#include "kernel_features.h"

#include <stdbool.h>
#include <stddef.h>

/* enum kern_feature_id of libbpf 1.7.0 (libbpf_internal.h): FEAT_UPROBE_SYSCALL is the last. */
#define FEATURES 24

/* Not part of libbpf's public interface, but available with static linking. */
bool feat_supported(void *cache, int feature);

void kernel_features_probe(void)
{
	for (int feature = 0; feature < FEATURES; feature++)
		feat_supported(NULL, feature);
}
