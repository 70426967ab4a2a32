// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_VMLINUX_H
#define BPFGATE_VMLINUX_H

/*
 * libbpf parses the kernel's BTF again for each object that needs it. The linker redirects
 * `btf__load_vmlinux_btf` and `btf__free` here (`--wrap`), so that all objects share one copy. The
 * kernel parses it too, when it loads the first program. Both happen at boot, before a template is
 * saved, so clones need not repeat them: under emulation they would cost each first load about 75
 * ms each.
 */
void vmlinux_parse(void);

#endif
