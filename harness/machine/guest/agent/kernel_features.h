// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KERNEL_FEATURES_H
#define BPFGATE_KERNEL_FEATURES_H

/*
 * Makes libbpf probe all kernel features now. It probes on first use and keeps the answer: a
 * gatekeeper that refuses its test programs later would make it believe that the kernel lacks the
 * feature.
 */
void kernel_features_probe(void);

#endif
