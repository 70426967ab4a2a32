// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same, for a link (from 6.4 on). */
#define LINKED
#include "takeover-congestion.bpf.c"
