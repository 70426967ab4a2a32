// SPDX-License-Identifier: Apache-2.0
/*
 * Functions that Debian 13's libelf.a (elfutils 0.192) calls and leaves out: its internal
 * lib/eu-search.c, without locks, since the programs linked here have one thread. The root of the
 * tree is the first field of elfutils' structure, too.
 */
#define _GNU_SOURCE
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root;
};

typedef int compare(const void *, const void *);

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare *order)
{
	return tsearch(key, &tree->root, order);
}

void *eu_tfind(const void *key, struct search_tree *tree, compare *order)
{
	return tfind(key, &tree->root, order);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare *order)
{
	return tdelete(key, &tree->root, order);
}
