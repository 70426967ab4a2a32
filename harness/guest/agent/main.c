// SPDX-License-Identifier: Apache-2.0
/* The guest's init: prepares the machine, answers the runner until it leaves, switches off. */
#include <signal.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "boot.h"
#include "inventory_bpf.h"
#include "libbpf_log.h"
#include "modules.h"
#include "serve.h"
#include "vmlinux.h"

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(void)
{
	struct channel channel = { 0 };

	signal(SIGPIPE, SIG_IGN);
	boot_filesystems();
	modules_load_boot();
	boot_settings();
	libbpf_log_install();
	vmlinux_parse();
	inventory_note_floor();
	channel.fd = boot_open_port();
	if (channel.fd < 0)
		fprintf(stderr, "bpfgate: no port named org.bpfgate.rpc\n");
	else if (serve_ready(&channel))
		serve(&channel);
	power_off();
}
