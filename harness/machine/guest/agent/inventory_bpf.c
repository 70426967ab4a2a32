// SPDX-License-Identifier: Apache-2.0
#include "inventory_bpf.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define SETTLE_STEP_MS 2
#define SETTLE_QUIET_MS 500
#define SETTLE_MAX_MS 2000
/* A map keeps its BTF until it is freed in the background: millions of buckets take seconds. */
#define SETTLE_FREEING_MS 10000
#define SETTLE_FREEING_STEP_MS 20

struct counts {
	uint32_t programs;
	uint32_t maps;
	uint32_t links;
	uint32_t btfs;
	uint32_t keys;
};

static struct counts at_boot;

static bool is_user_btf(uint32_t id, char name[64])
{
	struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = 64 };
	uint32_t length = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(id);
	bool user = fd >= 0 && bpf_btf_get_info_by_fd(fd, &info, &length) == 0 && !info.kernel_btf;

	if (fd >= 0)
		close(fd);
	return user;
}

static uint32_t count_ids(int (*next)(uint32_t id, uint32_t *next_id))
{
	uint32_t id = 0, count = 0;

	while (next(id, &id) == 0)
		count++;
	return count;
}

static uint32_t count_user_btfs(void)
{
	uint32_t id = 0, count = 0;
	char name[64];

	while (bpf_btf_get_next_id(id, &id) == 0)
		count += is_user_btf(id, name);
	return count;
}

/* The kernel's key garbage collector also runs in the background. */
static uint32_t count_keys(void)
{
	FILE *file = fopen("/proc/keys", "re");
	uint32_t count = 0;
	int character;

	while (file && (character = getc(file)) != EOF)
		count += character == '\n';
	if (file)
		fclose(file);
	return count;
}

static struct counts count_all(void)
{
	return (struct counts){
		.programs = count_ids(bpf_prog_get_next_id),
		.maps = count_ids(bpf_map_get_next_id),
		.links = count_ids(bpf_link_get_next_id),
		.btfs = count_user_btfs(),
		.keys = count_keys(),
	};
}

void inventory_note_floor(void)
{
	at_boot = count_all();
}

static bool same(const struct counts *a, const struct counts *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* What has an id can be used again; only types that something still holds are left. */
static bool only_btfs_left(const struct counts *now)
{
	struct counts rest = *now;

	rest.btfs = at_boot.btfs;
	return same(&rest, &at_boot);
}

void inventory_settle(void)
{
	struct counts before = { 0 };
	int quiet = 0, most = SETTLE_MAX_MS;

	for (int waited = 0, step = SETTLE_STEP_MS; waited < most && quiet < SETTLE_QUIET_MS; waited += step) {
		struct counts now = count_all();

		if (same(&now, &at_boot))
			return;
		quiet = same(&now, &before) ? quiet + step : 0;
		if (only_btfs_left(&now)) {
			most = SETTLE_FREEING_MS;
			step = SETTLE_FREEING_STEP_MS;
			quiet = 0;
		}
		before = now;
		pause_us(step * 1000);
	}
}

/* Packs the object with this id; false when it is gone or not of interest. */
typedef bool pack_fn(struct reply *reply, uint32_t id);

/* The information of an object whose file descriptor this is; closes it. False when it is gone. */
static bool take_info(int fd, void *info, uint32_t length)
{
	bool there = fd >= 0 && bpf_obj_get_info_by_fd(fd, info, &length) == 0;

	if (fd >= 0)
		close(fd);
	return there;
}

static void reply_object(struct reply *reply, uint32_t id, uint32_t type, const char *name)
{
	reply_map(reply, name ? 3 : 2);
	reply_key_uint(reply, "id", id);
	reply_key_uint(reply, "type", type);
	if (name)
		reply_key_string(reply, "name", name);
}

static bool pack_program(struct reply *reply, uint32_t id)
{
	struct bpf_prog_info info = { 0 };
	bool there = take_info(bpf_prog_get_fd_by_id(id), &info, sizeof(info));

	if (there)
		reply_object(reply, id, info.type, info.name);
	return there;
}

static bool pack_map(struct reply *reply, uint32_t id)
{
	struct bpf_map_info info = { 0 };
	bool there = take_info(bpf_map_get_fd_by_id(id), &info, sizeof(info));

	if (there)
		reply_object(reply, id, info.type, info.name);
	return there;
}

static bool pack_link(struct reply *reply, uint32_t id)
{
	struct bpf_link_info info = { 0 };
	bool there = take_info(bpf_link_get_fd_by_id(id), &info, sizeof(info));

	if (there)
		reply_object(reply, id, info.type, NULL);
	return there;
}

/* Leaves out the BTF of the kernel and its modules, which comes and goes with them. */
static bool pack_btf(struct reply *reply, uint32_t id)
{
	char name[64] = "";

	if (!is_user_btf(id, name))
		return false;
	reply_map(reply, 2);
	reply_key_uint(reply, "id", id);
	reply_key_string(reply, "name", name);
	return true;
}

static void reply_all(struct reply *reply, const char *key, int (*next)(uint32_t id, uint32_t *next_id),
		      pack_fn *pack)
{
	uint32_t id = 0, count = 0;
	size_t array;

	reply_key(reply, key);
	array = reply_array_begin(reply);
	while (next(id, &id) == 0)
		count += pack(reply, id);
	reply_array_end(reply, array, count);
}

void inventory_reply_bpf(struct reply *reply)
{
	reply_all(reply, "programs", bpf_prog_get_next_id, pack_program);
	reply_all(reply, "maps", bpf_map_get_next_id, pack_map);
	reply_all(reply, "links", bpf_link_get_next_id, pack_link);
	reply_all(reply, "btfs", bpf_btf_get_next_id, pack_btf);
}
