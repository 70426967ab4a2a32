// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_LIVENESS_H
#define BPFGATE_LIVENESS_H

#include "flow.h"

/*
 * The two halves of what is known of a register before each instruction. One that is not read
 * before it is written again is free. So is one that nothing can have written: the verifier lets no
 * program read it, although a call may look as if it did, whose number of arguments is not known
 * here.
 */

/* Fills `flow->live`, backwards. */
void liveness_live(struct flow *flow);
/* Fills `flow->written`, forwards. */
void liveness_written(struct flow *flow);

#endif
