// SPDX-License-Identifier: Apache-2.0
/* A loader of chains for tests: attach-all tc|tcx|netkit DEVICE OBJECT PROGRAM..., which are to run in this order. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int attach(const char *how, int ifindex, struct bpf_program *program, int place)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = bpf_program__fd(program), .priority = 10 * (place + 1));
	struct bpf_link *link;
	char pin[64];

	if (strcmp(how, "tc") == 0) {
		bpf_tc_hook_create(&hook);
		return bpf_tc_attach(&hook, &filter);
	}
	link = strcmp(how, "tcx") == 0 ? bpf_program__attach_tcx(program, ifindex, NULL) :
					 bpf_program__attach_netkit(program, ifindex, NULL);
	if (!link)
		return -1;
	snprintf(pin, sizeof(pin), "/sys/fs/bpf/attach-all-%d", place);
	return bpf_link__pin(link, pin);
}

int main(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open_file(argv[3], NULL);
	struct bpf_program *program;
	enum bpf_attach_type type;

	if (!object)
		return 1;
	type = strcmp(argv[1], "netkit") == 0 ? BPF_NETKIT_PRIMARY : strcmp(argv[1], "tcx") == 0 ? BPF_TCX_INGRESS : 0;
	bpf_object__for_each_program(program, object)
		bpf_program__set_expected_attach_type(program, type);
	if (bpf_object__load(object))
		return 1;
	for (int i = 4; i < argc; i++) {
		program = bpf_object__find_program_by_name(object, argv[i]);
		if (!program || attach(argv[1], if_nametoindex(argv[2]), program, i - 4))
			return 2;
	}
	return 0;
}
