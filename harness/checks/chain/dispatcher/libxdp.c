// SPDX-License-Identifier: Apache-2.0
/*
 * What bpfgate asks of libxdp in a guest, of a device in generic mode:
 *
 *   attach IFINDEX MEMBER...      all at once
 *   add IFINDEX MEMBER...         one after the other
 *   remove IFINDEX ID...          all at once
 *   replace IFINDEX ID MEMBER     by the one member
 *   clear IFINDEX                 everything, whatever state it is in
 *
 * A MEMBER is five words: its program's id, run priority, chain call actions, name, and the object
 * that it was loaded from. Ends with an errno.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

/* More than a dispatcher has slots, so that libxdp can refuse. */
#define MOST 64
#define MEMBER_WORDS 5

static uint32_t ids[MOST + 1];

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, struct bpf_prog_load_opts *opts);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, struct bpf_prog_load_opts *opts);

/*
 * libxdp takes a priority only for a program that it is going to load. A member was loaded by the
 * agent, which has it recorded; the "device" that it was given says which one it is.
 */
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
			 const struct bpf_insn *insns, size_t count, struct bpf_prog_load_opts *opts)
{
	uint32_t member = opts ? opts->prog_ifindex : 0;

	if (member == 0)
		return __real_bpf_prog_load(type, name, license, insns, count, opts);
	return bpf_prog_get_fd_by_id(ids[member]);
}

static void fail(int error, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	exit(error > 0 && error < 256 ? error : EIO);
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int say_warnings(enum libxdp_print_level level, const char *format, va_list args)
{
	return level == LIBXDP_WARN ? vfprintf(stderr, format, args) : 0;
}

static uint32_t number(const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 0);

	if (*word == '\0' || *end != '\0' || value > UINT32_MAX)
		fail(EINVAL, word);
	return value;
}

static struct xdp_program *member(char **words)
{
	static uint32_t count;
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts);
	struct bpf_program *program;
	struct xdp_program *result;
	struct bpf_object *object = bpf_object__open_file(words[4], NULL);
	struct bpf_map *map;

	if (!object)
		fail(errno, words[4]);
	if (count == MOST)
		fail(E2BIG, words[3]);
	ids[++count] = number(words[0]);
	bpf_object__for_each_map(map, object)
		bpf_map__set_autocreate(map, false);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, false);
	program = bpf_object__find_program_by_name(object, words[3]);
	if (!program)
		fail(ENOENT, words[3]);
	bpf_program__set_ifindex(program, count);
	opts.obj = object;
	opts.prog_name = words[3];
	result = xdp_program__create(&opts);
	if (!result)
		fail(errno, words[3]);
	xdp_program__set_run_prio(result, number(words[1]));
	for (unsigned int action = 0; action < 31; action++)
		xdp_program__set_chain_call_enabled(result, action, number(words[2]) >> action & 1);
	return result;
}

static struct xdp_program *attached(const char *id)
{
	struct xdp_program *program = xdp_program__from_id(number(id));
	long error = libxdp_get_error(program);

	if (error)
		fail(-error, id);
	return program;
}

static int clear(int ifindex)
{
	struct xdp_multiprog *chain = xdp_multiprog__get_from_ifindex(ifindex);

	/* A lost link makes it fail, after it has taken the dispatcher off. */
	if (!libxdp_get_error(chain))
		xdp_multiprog__detach(chain);
	return libxdp_clean_references(ifindex);
}

static int add(struct xdp_program **programs, size_t count, int ifindex)
{
	return xdp_program__attach_multi(programs, count, ifindex, XDP_MODE_SKB, 0);
}

static int take_out(struct xdp_program **programs, size_t count, int ifindex)
{
	return xdp_program__detach_multi(programs, count, ifindex, XDP_MODE_SKB, 0);
}

static int replace(struct xdp_program **old, struct xdp_program **fresh, int ifindex)
{
	int error = add(fresh, 1, ifindex);

	if (error == -E2BIG) {
		error = take_out(old, 1, ifindex);
		return error ? error : add(fresh, 1, ifindex);
	}
	return error ? error : take_out(old, 1, ifindex);
}

static int change(const char *what, int ifindex, int argc, char **argv)
{
	struct xdp_program *programs[MOST], *old = NULL;
	bool removing = strcmp(what, "remove") == 0;
	int width = removing ? 1 : MEMBER_WORDS, error = 0;
	size_t count = 0;

	if (strcmp(what, "replace") == 0 && argc > 0) {
		old = attached(*argv++);
		argc--;
	}
	if (argc == 0 || argc % width != 0 || argc / width > MOST)
		fail(EINVAL, what);
	for (; argc > 0; argc -= width, argv += width)
		programs[count++] = removing ? attached(*argv) : member(argv);
	if (removing)
		return take_out(programs, count, ifindex);
	if (old)
		return replace(&old, programs, ifindex);
	if (strcmp(what, "attach") == 0)
		return add(programs, count, ifindex);
	for (size_t i = 0; i < count && !error; i++)
		error = add(&programs[i], 1, ifindex);
	return error;
}

int main(int argc, char **argv)
{
	int ifindex, error;

	if (argc < 3)
		fail(EINVAL, "libxdp");
	libbpf_set_print(say_nothing);
	libxdp_set_print(say_warnings);
	ifindex = number(argv[2]);
	if (strcmp(argv[1], "clear") == 0)
		error = clear(ifindex);
	else
		error = change(argv[1], ifindex, argc - 3, argv + 3);
	if (error)
		fail(-error, argv[1]);
	return 0;
}
