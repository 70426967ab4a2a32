// SPDX-License-Identifier: Apache-2.0
/* The guest's init: sets up the machine, answers the runner until it leaves, switches off. */
#include <signal.h>
#include <stdio.h>

#include "boot.h"
#include "command.h"
#include "inventory_bpf.h"
#include "key.h"
#include "kernel_features.h"
#include "libbpf_log.h"
#include "modules.h"
#include "request.h"
#include "serve.h"
#include "vmlinux.h"

int main(int argc, char **argv)
{
	struct channel channel = { 0 };

	command_become_limited(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	boot_catch_crashes();
	boot_filesystems();
	modules_load_boot();
	boot_settings();
	key_make_keyrings();
	libbpf_log_install();
	vmlinux_parse();
	/* Before the inventory's floor: each thread has a keyring. */
	request_start_watch();
	inventory_note_floor();
	kernel_features_probe();
	channel.fd = boot_open_port();
	if (channel.fd < 0)
		fprintf(stderr, "bpfgate: there is no port org.bpfgate.rpc\n");
	else if (serve_ready(&channel))
		serve(&channel);
	boot_power_off();
}
