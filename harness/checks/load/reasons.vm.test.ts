// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { openPackage } from "../../data/package/package.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";

const ids = ["5.10", "6.12", "7.3"] as const;
type Id = (typeof ids)[number];

/** What a case must say: its code, words of its message, and words of its hint; `pass` alone. */
type Said = "pass" | [code: string, message: RegExp, hint?: RegExp];
/** Packages by source and macro; cases of each; what they say, on all of the kernels or on one. */
const said: Record<string, Record<string, Said | Partial<Record<Id, Said>>>> = {
	"refused-programs": {
		"program/loop": {
			"5.10": ["helper-unknown", /bpf_loop, which this kernel does not know; so its callback/],
			"7.3": "pass",
		},
		"program/callback_return": {
			"7.3": [
				"return-value-range",
				/callback that returns 2, and its caller accepts only 0 to 1/,
				/from the callback/,
			],
		},
		"program/tty_type": {
			"6.12": "pass",
			"7.3": [
				"core-relocation",
				/field type of tty_driver, which this kernel has with another type \(enum/,
				/newer layout/,
			],
		},
		"program/timestamp": {
			"5.10": [
				"invalid-context-access",
				/field hwtstamp of __sk_buff \(offset 184, 8 bytes\), which kernel 5\.10/,
			],
			"7.3": "pass",
		},
		"program/narrow": [
			"invalid-context-access",
			/reads 4 bytes at offset 152 of field tstamp of __sk_buff \(offset 152, 8 bytes\)/,
			/whole field/,
		],
		"program/zero_sized": {
			"7.3": ["argument-value", /passes a size that is 0 to bpf_trace_printk/, /at least 1/],
		},
		"program/two_pointers": ["invalid-dereference", /two kinds of pointers with one instruction/, /branch/],
		"program/alu32": ["pointer-arithmetic", /32-bit|R1/],
		"program/fetch_add": {
			"5.10": ["invalid-instruction", /before 5\.12 there is only an addition/, /5\.12/],
			"7.3": "pass",
		},
		"program/override": ["config-disabled", /bpf_override_return .*CONFIG_FUNCTION_ERROR_INJECTION/],
		"program/guarded": ["attach-target-missing", /no_such_tracepoint_here/],
		"program/closed_hook": {
			"6.12": [
				"attach-target-not-allowed",
				/LSM hook getprocattr, which this kernel does not open/,
				/LSM hook/,
			],
			"7.3": [
				"attach-target-not-allowed",
				/LSM hook getprocattr, which this kernel does not open/,
				/LSM hook/,
			],
		},
		"program/in_module": {
			"5.10": ["attach-target-missing", /br_forward of module bridge, which is loaded/],
			"6.12": "pass",
			"7.3": "pass",
		},
		"program/bare_lsm": ["target-unset", /names no target/],
		"program/bare_fentry": ["target-unset", /names no target/],
		"program/bare_freplace": ["target-unset", /target|none was named/],
		"program/bare_fmod_ret": ["target-unset", /names no target/],
	},
	"refused-kfuncs": {
		"program/no_null_check": { "7.3": ["null-dereference", /R0 without testing it for NULL/, /NULL/] },
		"program/socket_no_null_check": { "7.3": ["null-dereference", /R0 without testing it for NULL/] },
		"program/preempt_left_disabled": {
			"6.12": ["lock-misuse", /bpf_preempt_enable is missing/],
			"7.3": ["lock-misuse", /preempt/],
		},
	},
	"refused-map NO_TEMPLATE": { "map/map": ["map-attributes", /no template for its inner maps/, /inner/] },
	"refused-map INNER_SIZE": {
		"map/map": [
			"map-attributes",
			/map b in slot 1: it has max_entries 8, and the template has 1/,
			/BPF_F_INNER_MAP/,
		],
	},
	"refused-map PERF_VALUE": {
		"map/map": ["map-attributes", /value_size must be 4, found 64/, /descriptors of perf events/],
	},
	"refused-map RING_VALUE": {
		"map/map": [
			"map-attributes",
			/ring buffer with key_size 0 and value_size 8; both must be 0/,
			/cilium\/ebpf/,
		],
	},
	"refused-map RING_SIZE": { "program/use": "pass" },
	"refused-map NO_ENTRIES": {
		"map/map": ["map-attributes", /max_entries is 0: the loader of the package sets it/, /manifest/],
	},
	"refused-map NO_SIZES": {
		"map/map": [
			"map-attributes",
			/value_size and max_entries are 0: the loader/,
			/maps\.map in the manifest/,
		],
	},
	"refused-map OWN_SECTION": {
		"program/use": ["legacy-map", /map of section lirc_mode2\/maps/, /"\.maps"/],
	},
	"refused-map SOCKMAP": { "program/use": ["map-not-allowed", /sockmap/, /user space/] },
	"refused-map NO_PREALLOC": {
		"program/use": "pass",
		"kernel-log/policy": { "5.10": ["kernel-policy", /uses run-time allocation/, /preallocated/] },
	},
	"refused-extern MACRO": {
		"program/use": ["undefined-symbol", /refers to ntohl, which nothing defines/, /bpf_ntohl/],
	},
	"refused-extern FUNCTION": { "program/use": ["undefined-symbol", /refers to other/, /link the object/] },
	"refused-extern KFUNC": {
		"program/use": ["kfunc-missing", /scx_bpf_never_was_there.*no kernel of the catalog has one/],
	},
	"refused-extern OPTION": { "program/use": "pass" },
	"refused-extern WEAK_OPTION": { "program/use": "pass" },
	"refused-extern NO_OPTION": { "program/use": ["kconfig-missing", /CONFIG_NO_SUCH_THING/, /__weak/] },
	"refused-extern OPTION_TYPE": { "program/use": ["kconfig-type", /CONFIG_HZ .*doesn't fit/] },
	"refused-struct-ops": { "attach/control": "pass" },
	"refused-struct-ops FUTURE": {
		"program/future": ["struct-ops-missing", /sets member from_the_future/, /null on such kernels/],
	},
	"refused-struct-ops LINK": {
		"map/control": { "5.10": ["map-attributes", /no links for struct_ops maps/, /section \.struct_ops/] },
		"attach/control": { "6.12": "pass", "7.3": "pass" },
	},
	"refused-attach": {
		"attach/system_call": ["attach-symbol-missing", /it has __x64_sys_execve/, /ksyscall\/execve/],
		"attach/renamed": {
			"6.12": ["attach-symbol-missing", /it has finish_task_switch\.isra\.0/, /finish_task_switch\.isra\.0/],
			"7.3": ["attach-symbol-missing", /it has finish_task_switch\.isra\.0/],
		},
		"attach/renamed_otherwise": { "5.10": ["attach-symbol-missing", /it has finish_task_switch/] },
		"attach/nowhere": ["attach-symbol-missing", /no such function, event or file in this kernel \(/],
		"attach/there": "pass",
		"attach/untraceable": { "7.3": ["attach-untraceable", /no ftrace call at its start/] },
		"attach/untraceable_probe": { "7.3": ["attach-untraceable", /is not traced/, /calls it/] },
		"attach/ambiguous": { "7.3": ["attach-symbol-ambiguous", /several functions of that name/] },
		"attach/no_binary": ["not-attached", /\/no\/such\/binary is not in the guest/, /on a machine that has/],
		"program/of_newer_libbpf": ["libbpf-too-old", /libbpf 1\.7, which bpfgate uses, does not know/],
		"attach/no_category": ["section-malformed", /category/, /tp\/<category>\/sched_switch/],
	},
	replaced: {
		"program/extension": ["target-mismatch", /does not declare its argument as its context/, /void/],
	},
};

async function packageAt(folder: string, key: string): Promise<string> {
	const [source = "", macro] = key.split(" ");
	const file = join(folder, `${key.replace(" ", "-")}.bpf.o`);
	const flags = macro === undefined ? [] : [`-D${macro}`];
	await writeFile(file, await compileBpf(join(import.meta.dirname, "testdata", `${source}.bpf.c`), ...flags));
	return file;
}

/** Two objects: one replaces the program of the other. */
async function replacedAt(folder: string): Promise<string> {
	const root = join(folder, "replaced");
	await mkdir(root);
	const source = join(import.meta.dirname, "testdata/replaced-program.bpf.c");
	await writeFile(join(root, "base.bpf.o"), await compileBpf(source));
	await writeFile(join(root, "extension.bpf.o"), await compileBpf(source, "-DEXTENSION"));
	const target = { object: "base.bpf.o", program: "base" };
	const objects = ["base.bpf.o", { file: "extension.bpf.o", programs: { extension: { target } } }];
	await writeFile(join(root, "bpfgate.json"), JSON.stringify({ name: "replaced", version: "1", objects }));
	return root;
}

async function tested(keys: readonly string[]): Promise<readonly CaseResult[]> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-reasons-"));
	try {
		const packages = [];
		for (const key of keys) {
			const path = key === "replaced" ? await replacedAt(folder) : await packageAt(folder, key);
			packages.push(await openPackage(path));
		}
		return (await resultsOf({ packages, kernels: ids, checks: [loadCheck] })).results;
	} finally {
		await rm(folder, { recursive: true });
	}
}

const rows = Object.entries(said).flatMap(([key, cases]) =>
	Object.entries(cases).flatMap(([name, words]) =>
		ids.flatMap((id): [string, string, Id, Said][] => {
			const wanted = Array.isArray(words) || words === "pass" ? words : words[id];
			return wanted === undefined ? [] : [[key, name, id, wanted]];
		}),
	),
);

describe("the reasons of the load check", async () => {
	const results = await tested(Object.keys(said));
	const of = (key: string, id: Id) =>
		results.filter((result) => result.package === key.replace(" ", "-") && result.kernel === id);

	it.each(rows)("%s: %s on %s", (key, name, id, wanted) => {
		const found = of(key, id).find((result) => result.case === name);
		if (wanted === "pass") {
			expect(found).toMatchObject({ case: name, outcome: "pass" });
			return;
		}
		const [code, message, hint] = wanted;
		expect(found?.reason?.code, found?.reason?.message).toBe(code);
		expect(found?.reason?.message).toMatch(message);
		if (hint) expect(found?.reason?.hint).toMatch(hint);
	});

	it.each(ids)("notes on %s that only libbpf rounds the size of a ring buffer", (id) => {
		const noteOf = (key: string) =>
			of(key, id).find(({ case: name }) => name === "program/use")?.evidence.note;
		expect(noteOf("refused-map RING_SIZE")).toBe(
			"libbpf rounds max_entries 4097 of ring buffer map up to 8192; other loaders get EINVAL",
		);
		expect(noteOf("refused-map NO_PREALLOC")).toBeUndefined();
	});
});
