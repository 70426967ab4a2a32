// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Package } from "../../data/package/package.js";
import type { Finding } from "../../lab/check.js";
import { compiled, testbench } from "../../lab/subject/session/testsession.js";

const folder = fileURLToPath(new URL("testdata/types/", import.meta.url));

const packages = new Map<string, Promise<Package>>();

/** A package with a program of each type, all correct or all wrong; compiled once. */
function everyType(name: "types" | "struct_ops", ...defines: string[]): Promise<Package> {
	const key = [name, ...defines].join(" ");
	const known = packages.get(key) ?? compileTypes(name, defines);
	packages.set(key, known);
	return known;
}

async function compileTypes(name: string, defines: readonly string[]): Promise<Package> {
	const vectors = await readFile(`${folder}${name}.yaml`, "utf8");
	return compiled(name, `${folder}${name}.bpf.c`, vectors, defines);
}

/** Cases that these kernels all skip, with the text of the reason. */
const skippedOnAll = (kernel: string): Record<string, string> => ({
	"raw-tracepoint-writable": `${kernel} cannot run programs of type raw_tracepoint_writable without attaching them`,
	kprobe: `${kernel} cannot run programs of type kprobe without attaching them`,
	"sk-msg": `${kernel} cannot run programs of type sk_msg without attaching them`,
	"fentry-elsewhere": "calls the kernel's bpf_fentry_test1 and its like, never vfs_read",
	"btf-tracepoint": "the test run of a tracing program calls none that is attached as trace_raw_tp",
	freplace: "it replaces a function of another program (freplace)",
	"cut-within-ipv4": `${kernel} runs programs of type sched_cls on no frame that ends within its IP header`,
});

const blind = "do not let admit see the packet by data and data_end";
const noSeg6 = "cannot run programs of type lwt_seg6local without attaching them";
const skippedOn: Record<string, Record<string, string>> = {
	"5.10": {
		"cgroup-ingress": blind,
		syscall: "5.10 has no programs of type syscall",
		netfilter: "5.10 has no programs of type netfilter",
		"netfilter-way-out": "5.10 has no programs of type netfilter",
		"modify-return": "bpf_modify_return_test, which is not modifiable",
		"struct-ops": "struct_ops type bpf_dummy_ops, which this kernel does not have",
	},
	// Inner maps must have the types of their template there.
	"6.1": {
		"cgroup-ingress": blind,
		"lwt-seg6local": noSeg6,
		netfilter: "6.1 has no programs of type netfilter",
		"netfilter-way-out": "6.1 has no programs of type netfilter",
		"modify-return": "bpf_modify_return_test, which is not modifiable",
	},
	"6.12": { "cgroup-ingress": blind, "lwt-seg6local": noSeg6 },
	"7.3": { "lwt-seg6local": noSeg6 },
};

/** Vectors that a wrong program of each type fails, with the text of the reason. */
const ofMutants: Record<string, string> = {
	"socket-filter": "retval: expected 28, got 0",
	"sched-cls": "context.mark: expected 7, got 8",
	"sched-act": "retval: expected TC_ACT_SHOT, got TC_ACT_PIPE",
	"cgroup-ingress": "map counters[COUNT_CGROUP_INGRESS]: expected +68, got +82",
	"cgroup-egress": "retval: expected 1, got 0",
	"lwt-in": "ipv6.hop_limit: expected 64, got 63",
	"lwt-out": "retval: expected BPF_OK, got BPF_DROP",
	"lwt-xmit": "ipv4.ttl: expected 63, got 62",
	"lwt-seg6local": "retval: expected BPF_OK, got BPF_DROP",
	"flow-dissector": "context.ipv4_src: expected 198.51.100.1, got 192.0.2.1",
	"flow-dissector-drops": "retval: expected BPF_DROP, got BPF_OK",
	"sk-lookup-tcp": "context.cookie: expected tcp 192.0.2.1:8080, got 0",
	"sk-lookup-tcp6": "context.cookie: expected tcp [2001:db8::1]:8443, got 0",
	"sk-lookup-udp": "context.cookie: expected udp 192.0.2.1:53, got 0",
	"raw-tracepoint": "retval: expected 42, got 40",
	syscall: "context.sum: expected 42, got 40",
	netfilter: "retval: expected NF_ACCEPT, got NF_DROP",
	"netfilter-way-out": "retval: expected NF_ACCEPT, got NF_DROP",
	fentry: "map counters[COUNT_FENTRY]: expected 1, got 2",
	fexit: "map counters[COUNT_FEXIT]: expected 5, got 2",
	"modify-return": "map counters[COUNT_MODIFY_RETURN]: expected 1, got 0",
	"struct-ops": "retval: expected 42, got 41",
	"tail-call": "retval: expected XDP_TX, got XDP_PASS",
	devmap: "retval: expected XDP_REDIRECT, got XDP_ABORTED",
	"map-of-maps": "map tenants[2][7].packets: expected +1, got +2; and 1 more",
	"map-of-maps-exact": "map tenants[2][7].packets: expected 1, got 2; and 1 more",
	cpumap: "retval: expected XDP_REDIRECT, got XDP_ABORTED",
};

describe.each(["5.10", "6.1", "6.12", "7.3"])("each program type on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench(kernel);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	const findings = async (...defines: string[]) => {
		const all = new Map<string, Finding>();
		for (const name of ["types", "struct_ops"] as const)
			for (const [key, finding] of await bench.check(await everyType(name, ...defines)))
				all.set(key.replace(/^.*\//, ""), finding);
		return all;
	};

	it("runs where the kernel can run it, and is skipped with a reason elsewhere", async () => {
		const all = await findings();
		expect([...all].filter(([, { outcome: is }]) => is === "fail" || is === "error")).toEqual([]);
		const skipped = Object.fromEntries(
			[...all].flatMap(([name, { outcome: is, reason }]) => (is === "skip" ? [[name, reason?.message]] : [])),
		);
		const expected = { ...skippedOnAll(kernel), ...skippedOn[kernel] };
		expect(skipped).toEqual(
			Object.fromEntries(
				Object.entries(expected).map(([name, text]) => [name, expect.stringContaining(text)]),
			),
		);
		expect(all.size).toBe(38);
	});

	it("fails when the program is wrong, and the message names the mismatch", async () => {
		const all = await findings("MUTANT");
		const failed = Object.fromEntries(
			[...all].flatMap(([name, { outcome: is, reason }]) => (is === "fail" ? [[name, reason?.message]] : [])),
		);
		const expected = Object.entries(ofMutants).filter(([name]) => all.get(name)?.outcome !== "skip");
		expect(failed).toEqual(
			Object.fromEntries(expected.map(([name, text]) => [name, expect.stringContaining(text)])),
		);
	});
});
