// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../token-xdp/token-xdp.bpf.c"
