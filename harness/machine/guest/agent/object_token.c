// SPDX-License-Identifier: Apache-2.0
#include "object_token.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_PATH "/sys/fs/bpf"

int object_token_create(const char *token_path)
{
	const char *path = token_path ? token_path : getenv("LIBBPF_BPF_TOKEN_PATH");
	int folder = open(path ? path : DEFAULT_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC), token;

	if (folder < 0)
		return 0;
	token = bpf_token_create(folder, NULL);
	close(folder);
	return token < 0 ? 0 : token;
}

void object_token_use(struct bpf_map_create_opts *opts, int token)
{
	if (token <= 0)
		return;
	opts->token_fd = token;
	opts->map_flags |= BPF_F_TOKEN_FD;
}
