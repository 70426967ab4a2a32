// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_BOOT_H
#define BPFGATE_BOOT_H

/* Ends the guest. */
void boot_power_off(void) __attribute__((noreturn));

/*
 * Makes the guest usable: file systems, limits, the loopback device, console level. Complains on
 * the console.
 */
void boot_filesystems(void);
void boot_settings(void);

/* Writes a file of the kernel (/proc, /dev/kmsg); failures go to the console. */
void boot_write(const char *path, const char *text);

/* The loopback device of the network namespace that this is called in. */
void boot_loopback_up(void);

/*
 * A crash of init would panic the kernel, which would be blamed for it. What comes from outside and
 * reaches libelf and libbpf may crash them; then the guest says so and switches off.
 */
void boot_catch_crashes(void);
/* In a process that is not init: a crash ends it as any other. */
void boot_forget_crashes(void);

/* Waits for the runner's port and opens it; -1 when there is none within ten seconds. */
int boot_open_port(void);

#endif
