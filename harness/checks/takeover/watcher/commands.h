/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_H
#define COMMANDS_H

/* The name of a bpf() command that changes a hook or freezes a map; NULL for others. */
const char *command_name(unsigned command);
/* The groups of what a command may change. */
unsigned groups_of(unsigned command);

#endif
