// SPDX-License-Identifier: Apache-2.0
#include "hook_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define ANY_PROCESS (-1)

/* Cuts the string at the last `separator`; what follows it, or NULL if it is not there. */
static char *cut(char *string, char separator)
{
	char *at = strrchr(string, separator);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

static struct bpf_link *attach_one(const struct bpf_program *program, const char *binary, const char *function,
				   bool retprobe)
{
	char *name = memory_copy(function, strlen(function) + 1);
	char *offset = cut(name, '+');
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = name, .retprobe = retprobe);
	struct bpf_link *link =
		bpf_program__attach_uprobe_opts(program, ANY_PROCESS, binary, offset ? strtoul(offset, NULL, 0) : 0, &opts);
	int error = errno;

	free(name);
	errno = error;
	return link;
}

struct bpf_link *attach_user_function(const struct bpf_program *program, const char *binary, const char *function)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);
	bool retprobe = strncmp(bpf_program__section_name(program), "uret", strlen("uret")) == 0;
	LIBBPF_OPTS(bpf_uprobe_multi_opts, multi, .retprobe = retprobe, .session = type == BPF_TRACE_UPROBE_SESSION);

	if (type != BPF_TRACE_UPROBE_MULTI && type != BPF_TRACE_UPROBE_SESSION)
		return attach_one(program, binary, function, retprobe);
	return bpf_program__attach_uprobe_multi(program, ANY_PROCESS, binary, function, &multi);
}

struct bpf_link *attach_user_probe(const struct bpf_program *program, const char *binary, const char *probe)
{
	char *provider = memory_copy(probe, strlen(probe) + 1);
	char *name = cut(provider, ':');
	struct bpf_link *link =
		name ? bpf_program__attach_usdt(program, ANY_PROCESS, binary, provider, name, NULL) : NULL;
	int error = name ? errno : EINVAL;

	free(provider);
	errno = error;
	return link;
}
