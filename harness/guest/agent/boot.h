// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_BOOT_H
#define BPFGATE_BOOT_H

/* Makes the guest usable: file systems, limits, the loopback device, console level. Complains on the console. */
void boot_filesystems(void);
void boot_settings(void);

/* Waits for the runner's port and opens it; -1 when there is none within ten seconds. */
int boot_open_port(void);

#endif
