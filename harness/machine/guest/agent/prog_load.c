// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "prog_load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "adoption.h"
#include "clock.h"
#include "request.h"

/*
 * The largest log that kernels before 6.4 accept (UINT_MAX >> 8, kernel/bpf/verifier.c). Untouched
 * pages cost no memory.
 */
#define LOG_SIZE 0xffffffu

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts);

static struct {
	struct prog_load *loads;
	size_t count;
	uint32_t log_bytes;
	char *log;
	/* The refused program; libbpf annotates its log after the system call. */
	struct prog_load *refused;
} session;

uint64_t memlock_of(int fd)
{
	char path[64], line[256];
	uint64_t memlock = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memlock: %" SCNu64, &memlock) == 1)
			break;
	}
	if (file)
		fclose(file);
	return memlock;
}

static void keep_log(struct prog_load *load)
{
	size_t length = strnlen(session.log, LOG_SIZE);
	size_t skip = length > session.log_bytes ? length - session.log_bytes : 0;

	free(load->log);
	load->log = strndup(session.log + skip, length - skip);
	load->log_truncated |= skip > 0;
}

static void keep_info(struct prog_load *load, int fd)
{
	load->info_length = sizeof(load->info);
	load->has_info = bpf_prog_get_info_by_fd(fd, &load->info, &load->info_length) == 0;
	load->memlock = memlock_of(fd);
}

/* The instructions of a program are those at this address; libbpf's feature probes have others. */
static struct prog_load *find(const struct bpf_insn *insns)
{
	for (size_t i = 0; i < session.count; i++) {
		if (bpf_program__insns(session.loads[i].program) == insns)
			return &session.loads[i];
	}
	return NULL;
}

/* With probes if they are wanted and possible, else without. */
static int load_program(struct prog_load *load, enum bpf_prog_type type, const char *name, const char *license,
			const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts)
{
	int fd = -1;

	if (adoption_active())
		return adoption_program(load->program);
	if (load->probe) {
		/* libbpf may retry. */
		if (load->coverage.blocks)
			coverage_free(&load->coverage);
		fd = coverage_load(&load->coverage, __real_bpf_prog_load, type, name, license, insns, insn_cnt, opts);
		if (fd < 0 && session.log)
			session.log[0] = '\0';
	}
	return fd >= 0 ? fd : __real_bpf_prog_load(type, name, license, insns, insn_cnt, opts);
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t insn_cnt, struct bpf_prog_load_opts *opts)
{
	struct prog_load *load = find(insns);
	uint64_t wall, cpu;
	int fd, error;

	if (!load && adoption_active())
		return adoption_placeholder();
	if (!load)
		return __real_bpf_prog_load(type, name, license, insns, insn_cnt, opts);
	if (session.log)
		session.log[0] = '\0';
	request_enter_call();
	wall = clock_ns(CLOCK_MONOTONIC);
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	fd = load_program(load, type, name, license, insns, insn_cnt, opts);
	error = errno;
	if (fd < 0 && error == ENOSPC && opts->log_level) {
		/* The log did not fit, which hides the verdict: load again without a log. */
		struct bpf_prog_load_opts silent = *opts;

		silent.log_level = 0;
		silent.log_buf = NULL;
		silent.log_size = 0;
		load->log_truncated = true;
		wall = clock_ns(CLOCK_MONOTONIC);
		cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		fd = __real_bpf_prog_load(type, name, license, insns, insn_cnt, &silent);
		error = errno;
	}
	load->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	load->wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
	request_leave_call();
	load->attempted = true;
	load->error = fd < 0 ? error : 0;
	if (fd < 0) {
		session.refused = load;
	} else {
		if (session.log)
			keep_log(load);
		keep_info(load, fd);
	}
	request_progress();
	errno = error;
	return fd;
}

/* libbpf keeps the level until the program is loaded. */
#define OWN_LEVEL 8u

int prog_load_set_log_level(struct bpf_program *program, uint32_t log_level)
{
	return bpf_program__set_log_level(program, OWN_LEVEL | log_level);
}

void prog_load_begin(struct prog_load *loads, size_t count, uint32_t log_level, uint32_t log_bytes)
{
	uint32_t logs = log_level;

	session.loads = loads;
	session.count = count;
	session.log_bytes = log_bytes;
	session.refused = NULL;
	session.log = NULL;
	for (size_t i = 0; i < count; i++)
		logs |= bpf_program__log_level(loads[i].program);
	if (logs) {
		session.log = mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (session.log == MAP_FAILED)
			abort();
	}
	for (size_t i = 0; i < count; i++) {
		/* libbpf's setters need a pointer that is not const. */
		struct bpf_program *program = (struct bpf_program *)loads[i].program;
		uint32_t own = bpf_program__log_level(program);

		bpf_program__set_log_level(program, own & OWN_LEVEL ? own & ~OWN_LEVEL : log_level);
		bpf_program__set_log_buf(program, session.log, session.log ? LOG_SIZE : 0);
	}
}

void prog_load_end(void)
{
	if (session.refused && session.log)
		keep_log(session.refused);
	/* libbpf does not read the log buffers again. */
	if (session.log)
		munmap(session.log, LOG_SIZE);
	memset(&session, 0, sizeof(session));
}
