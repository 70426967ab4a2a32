// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KERNEL_FEATURES_H
#define BPFGATE_KERNEL_FEATURES_H

/*
 * Has libbpf find out now what it would otherwise when it first needs to know: later a gatekeeper
 * that refuses its trials would make it believe, for good, that the kernel lacks what it has.
 */
void kernel_features_probe(void);

#endif
