// SPDX-License-Identifier: Apache-2.0
#include "special_fields.h"

#include <stddef.h>
#include <string.h>

/*
 * The kernel accepts at most four levels of structs; BTF of an untrusted object may have a cycle.
 */
#define MAX_DEPTH 8

static const char *const structs[] = {
	"bpf_timer",	 "bpf_wq",	  "bpf_task_work", "bpf_list_head", "bpf_list_node",
	"bpf_rb_root",	 "bpf_rb_node",	  "bpf_refcount",
};
static const char *const tags[] = { "kptr", "kptr_untrusted", "percpu_kptr", "uptr" };

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; name && i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_special(const struct btf *btf, uint32_t id, int depth);

static bool has_special_member(const struct btf *btf, const struct btf_type *type, int depth)
{
	if (btf_is_datasec(type)) {
		const struct btf_var_secinfo *variable = btf_var_secinfos(type);

		for (int i = 0; i < btf_vlen(type); i++) {
			if (is_special(btf, variable[i].type, depth))
				return true;
		}
		return false;
	}
	for (int i = 0; i < btf_vlen(type); i++) {
		if (is_special(btf, btf_members(type)[i].type, depth))
			return true;
	}
	return false;
}

static bool is_special(const struct btf *btf, uint32_t id, int depth)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type) || btf_is_var(type) || btf_is_array(type))) {
		if (depth++ > MAX_DEPTH)
			return true;
		type = btf__type_by_id(btf, btf_is_array(type) ? btf_array(type)->type : type->type);
	}
	if (!type)
		return false;
	if (btf_is_ptr(type)) {
		const struct btf_type *target = btf__type_by_id(btf, type->type);

		return target && btf_is_type_tag(target) &&
		       is_among(btf__name_by_offset(btf, target->name_off), tags, sizeof(tags) / sizeof(tags[0]));
	}
	if (!btf_is_composite(type) && !btf_is_datasec(type))
		return false;
	if (depth > MAX_DEPTH || is_among(btf__name_by_offset(btf, type->name_off), structs,
					  sizeof(structs) / sizeof(structs[0])))
		return true;
	return has_special_member(btf, type, depth + 1);
}

bool has_special_fields(const struct btf *btf, uint32_t type)
{
	return btf && type && is_special(btf, type, 0);
}
