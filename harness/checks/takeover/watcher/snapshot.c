// SPDX-License-Identifier: Apache-2.0
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

void snapshot_add(struct snapshot *snapshot, enum group group, const char *kind, const char *where, const char *value)
{
	if (snapshot->count == snapshot->room) {
		snapshot->room = snapshot->room ? snapshot->room * 2 : 64;
		snapshot->records = checked(realloc(snapshot->records, snapshot->room * sizeof(*snapshot->records)));
	}
	snapshot->records[snapshot->count++] = (struct record){
		.group = group,
		.kind = kind,
		.where = checked(strdup(where)),
		.value = checked(strdup(value)),
	};
}

static int compare(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int order = strcmp(a->kind, b->kind);

	return order ? order : strcmp(a->where, b->where);
}

void snapshot_sort(struct snapshot *snapshot)
{
	if (snapshot->count)
		qsort(snapshot->records, snapshot->count, sizeof(*snapshot->records), compare);
}

static void record_free(struct record *record)
{
	free(record->where);
	free(record->value);
}

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		record_free(&snapshot->records[i]);
	free(snapshot->records);
	*snapshot = (struct snapshot){ 0 };
}

size_t snapshot_replace(struct snapshot *state, struct snapshot *fresh, unsigned groups, difference_fn *tell, void *context)
{
	struct snapshot next = { 0 };
	size_t i = 0, j = 0, differences = 0;

	next.room = state->count + fresh->count;
	next.records = checked(malloc((next.room + 1) * sizeof(*next.records)));
	while (i < state->count || j < fresh->count) {
		struct record *before = i < state->count ? &state->records[i] : NULL;
		struct record *after = j < fresh->count ? &fresh->records[j] : NULL;
		int order = !before ? 1 : !after ? -1 : compare(before, after);

		if (order < 0 && !(before->group & groups)) {
			next.records[next.count++] = *before;
			i++;
			continue;
		}
		if (order < 0 || order > 0 || strcmp(before->value, after->value)) {
			differences++;
			tell(order <= 0 ? before : NULL, order >= 0 ? after : NULL, context);
		}
		if (order <= 0) {
			record_free(before);
			i++;
		}
		if (order >= 0) {
			next.records[next.count++] = *after;
			j++;
		}
	}
	free(state->records);
	free(fresh->records);
	*fresh = (struct snapshot){ 0 };
	*state = next;
	return differences;
}
