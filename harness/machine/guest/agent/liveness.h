// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_LIVENESS_H
#define BPFGATE_LIVENESS_H

#include "flow.h"

/*
 * Two analyses tell which registers are free before an instruction. A register is free if it is
 * written before it is read again, or if nothing can have written it: the verifier lets no program
 * read it, although a call, whose number of arguments is unknown here, may look as if it did.
 */

/* Fills `flow->live`, backwards. */
void liveness_live(struct flow *flow);
/* Fills `flow->written`, forwards. */
void liveness_written(struct flow *flow);

#endif
