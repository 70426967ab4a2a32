// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_VMLINUX_H
#define BPFGATE_VMLINUX_H

/*
 * libbpf parses the kernel's BTF anew for each object that needs it. The linker is told to lead its
 * `btf__load_vmlinux_btf` and `btf__free` through here (`--wrap`), so that one parsed copy is lent
 * to all of them. The kernel parses it too, when the first program is loaded. Both done at boot lie
 * in a template's memory and cost a clone nothing: under emulation about 75 ms each that every
 * first load would pay.
 */
void vmlinux_parse(void);

#endif
