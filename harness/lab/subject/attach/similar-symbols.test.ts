// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { similarIn } from "./similar-symbols.js";

const kallsyms = `
ffffffff81000000 T __x64_sys_execve
ffffffff81000010 T __ia32_sys_execve
ffffffff81000020 t finish_task_switch.isra.0
ffffffff81000030 T finish_task_switch_done
ffffffff81000040 d vfs_read_data
ffffffff81000050 T vfs_read	[a_module]
`;

it.each([
	["sys_execve", ["__x64_sys_execve"]],
	["finish_task_switch", ["finish_task_switch.isra.0"]],
	["finish_task_switch.isra.1", ["finish_task_switch.isra.0"]],
	["vfs_read.part.0", ["vfs_read"]],
	["vfs_read", []],
	["vfs_.*", []],
	["", []],
])("finds what %s became", (name, found) => {
	expect(similarIn(kallsyms, name)).toEqual(found);
});
