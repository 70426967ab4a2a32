// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

#include "args.h"
#include "object.h"
#include "reply.h"

/* True when a program of `object_open` is aimed at a program that is loaded. */
bool object_settings_aim(struct args *args);

/*
 * Gives the maps and programs of an open object what `object_open` says of them. False after a
 * complaint or a failed reply.
 */
bool object_settings_apply(struct object *object, struct args *args, struct reply *reply);
