// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_PINS_H
#define BPFGATE_PINS_H

#include "object.h"

/*
 * Makes the folders of the object's pins (bpf_map__pin_path), and notes which pins loading will
 * make: a map whose pin exists is reused.
 */
void pins_prepare(struct object *object);
/*
 * Removes the pins that loading made, which would be left over, and their folders where they are
 * then empty. Pins of reused maps stay.
 */
void pins_remove(struct object *object);

#endif
