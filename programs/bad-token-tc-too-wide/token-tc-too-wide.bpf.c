// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../token-tc/token-tc.bpf.c"
