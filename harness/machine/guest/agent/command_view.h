/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BPFGATE_COMMAND_VIEW_H
#define BPFGATE_COMMAND_VIEW_H

/*
 * Gives this process, which is about to become a package's command, its own view of the machine:
 * sysfs, debugfs and /proc/sys are read-only, sysrq, the kernel's log and memory cannot be opened,
 * and no mount can change that. bpffs, tracefs and cgroups stay writable: loaders need them.
 * A kernel without seccomp filters allows mounts all the same.
 * Returns 0 or an errno; `what` then says what failed.
 */
int command_limit_view(const char **what);

#endif
