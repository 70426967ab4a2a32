// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As tail-calls-tc.bpf.c, of another expected attach type: newer kernels do not let the two call each other. */
#define SECTION "tcx/ingress"
#include "tail-calls-tc.bpf.c"
