// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_VMLINUX_H
#define BPFGATE_VMLINUX_H

/*
 * libbpf parses the kernel's BTF anew for each object that needs it. The linker is told to lead its
 * `btf__load_vmlinux_btf` and `btf__free` through here (`--wrap`), so that one parsed copy is lent to all of them;
 * parsed at boot it lies in a template's memory and costs a clone nothing.
 */
void vmlinux_parse(void);

#endif
