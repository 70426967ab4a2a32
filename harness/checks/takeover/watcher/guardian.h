/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDIAN_H
#define GUARDIAN_H

/*
 * Continues as the watcher in a child process. The parent, the guardian, reports when the watcher
 * is stopped, continued or killed. Returns in the child only: a descriptor that ends with the
 * guardian.
 */
int guardian_start(void);
/* Whether the guardian is stopped. */
int guardian_stopped(void);

#endif
