// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs are good. What is bad is in bpfgate.json. */
#include "../chain-dispatcher/chain-dispatcher.bpf.c"
