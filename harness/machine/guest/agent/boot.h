// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_BOOT_H
#define BPFGATE_BOOT_H

/* Switches the guest off. */
void boot_power_off(void) __attribute__((noreturn));

/*
 * Sets up the guest: file systems, limits, the loopback device, console level. Failures go to the
 * console.
 */
void boot_filesystems(void);
void boot_settings(void);

/* Writes a file of the kernel (/proc, /dev/kmsg); failures go to the console. */
void boot_write(const char *path, const char *text);

/* Brings up the loopback device of the current network namespace. */
void boot_loopback_up(void);

/*
 * A crash of init panics the kernel, and the kernel would be blamed. Objects from outside may crash
 * libelf or libbpf; the agent then prints a message and switches the guest off.
 */
void boot_catch_crashes(void);
/* For a process other than init: restores the default for crashes. */
void boot_forget_crashes(void);

/* Waits for the runner's port and opens it; -1 if there is none within ten seconds. */
int boot_open_port(void);

#endif
