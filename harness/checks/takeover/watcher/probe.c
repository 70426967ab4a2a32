// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The object that watch-hooks.bpf.c is compiled to. */
__asm__(".section .rodata\n"
	".balign 8\n"
	"probe_object:\n"
	".incbin \"" PROBE_OBJECT "\"\n"
	"probe_object_end:\n"
	".previous\n");
extern const char probe_object[], probe_object_end[];

static struct bpf_object *object;
static struct ring_buffer *ring;
static void (*taken)(const struct event *);
static int counts = -1;

static void blinded(struct text *blind, const char *what)
{
	text_add(blind, "%s", blind->length ? "," : "");
	text_string(blind, what);
}

static bool attach(const char *program, bool at_return, const char *function)
{
	struct bpf_program *found = bpf_object__find_program_by_name(object, program);

	/* The links stay for as long as the watcher runs. */
	return found && bpf_program__attach_kprobe(found, at_return, function);
}

static bool attach_command(void)
{
	static const char *const calls[] = { "__x64_sys_bpf", "__arm64_sys_bpf", "__s390x_sys_bpf", "__riscv_sys_bpf" };

	if (attach("bpf_enter", false, "__sys_bpf"))
		return attach("bpf_return", true, "__sys_bpf");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (attach("bpf_enter_call", false, calls[i]))
			return attach("bpf_return", true, calls[i]);
	return false;
}

/* Functions beside bpf(); one of the names of a program is enough. */
static void attach_functions(struct text *blind)
{
	static const struct {
		const char *program;
		const char *functions[3];
		const char *lost;
	} table[] = {
		{ "on_rtnetlink", { "rtnetlink_rcv_msg" }, "who changes devices, XDP and tc over netlink" },
		{ "on_link_free", { "bpf_link_free" }, NULL },
		{ "on_link_release", { "bpf_link_release" }, "links that go away with their process, before the next poll" },
		{ "on_switch", { "ftrace_enable_sysctl", "write_enabled_file_bool" }, "ftrace switched off, before the next poll" },
		{ "on_socket_filter", { "sk_detach_filter" }, "detached socket filters" },
		{ "on_socket_attach", { "sk_attach_bpf" }, "attached socket filters" },
		{ "on_reuseport", { "sk_reuseport_attach_bpf", "reuseport_detach_prog" }, "programs of reuseport groups" },
		{ "on_cgroup_move", { "cgroup_attach_task" }, "processes moved to other cgroups" },
		/* Perf's own functions cannot be traced. */
		{ "on_program_put", { "bpf_prog_put" }, "perf events that lose their program, before they are looked for" },
		{ "on_descriptor_taken", { "__x64_sys_pidfd_getfd", "__arm64_sys_pidfd_getfd" }, "descriptors taken by pidfd_getfd()" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool any = false;

		for (int j = 0; j < 3 && table[i].functions[j]; j++)
			any = attach(table[i].program, false, table[i].functions[j]) || any;
		if (!any && table[i].lost)
			blinded(blind, table[i].lost);
	}
}

static int on_event(void *context, void *data, size_t size)
{
	(void)context;
	if (size >= sizeof(struct event))
		taken(data);
	return 0;
}

static void own_objects(struct watched *watched)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (!bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) && watched->own_program_count < MAX_NAMED)
			watched->own_programs[watched->own_program_count++] = info.id;
	}
	bpf_object__for_each_map(map, object) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (!bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &size) && watched->own_map_count < MAX_NAMED)
			watched->own_maps[watched->own_map_count++] = info.id;
	}
}

static bool set_constants(bool tell_elements)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		size_t size;
		uint32_t *values;

		if (!strstr(bpf_map__name(map), ".rodata"))
			continue;
		values = bpf_map__initial_value(map, &size);
		/* In the order of the source. */
		if (!values || size < 8)
			return false;
		values[0] = getpid();
		values[1] = tell_elements;
		return true;
	}
	return false;
}

bool probe_start(struct watched *watched, struct text *blind, void (*take)(const struct event *))
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "watch_hooks");
	const char *why = NULL;

	taken = take;
	object = bpf_object__open_mem(probe_object, probe_object_end - probe_object, &opts);
	if (!object)
		why = "open";
	else if (!set_constants(watched->map_count > 0))
		why = "constants";
	else if (bpf_object__load(object))
		why = "load";
	else if (!attach_command())
		why = "attach";
	if (!why) {
		ring = ring_buffer__new(bpf_map__fd(bpf_object__find_map_by_name(object, "events")), on_event, NULL, NULL);
		counts = bpf_map__fd(bpf_object__find_map_by_name(object, "counts"));
		why = ring ? NULL : "ring buffer";
	}
	if (why) {
		struct text line = { 0 };

		text_add(&line, "bpf() commands and who gives them: the BPF part cannot be had here (%s: %s)", why, strerror(errno));
		blinded(blind, line.bytes);
		if (object)
			bpf_object__close(object);
		object = NULL;
		return false;
	}
	own_objects(watched);
	attach_functions(blind);
	return true;
}

int probe_epoll_fd(void)
{
	return ring ? ring_buffer__epoll_fd(ring) : -1;
}

void probe_drain(void)
{
	if (ring)
		ring_buffer__consume(ring);
}

static unsigned long long counted(uint32_t which)
{
	unsigned long long value = 0;

	bpf_map_lookup_elem(counts, &which, &value);
	return value;
}

unsigned long long probe_lost(void)
{
	static unsigned long long told;
	unsigned long long lost = ring ? counted(COUNT_LOST) : 0, news = lost - told;

	told = lost;
	return news;
}

bool probe_alive(void)
{
	unsigned long long before;

	if (!ring)
		return true;
	before = counted(COUNT_OWN);
	/* The second look is a call that is counted itself. */
	return counted(COUNT_OWN) > before;
}
