// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../data/package/package.js";
import type { SelftestExpectation } from "./selftest-expectation.js";

/** `struct test_val` as prog_tests/verifier.c puts it into maps before it runs programs. */
const testVal = { index: 28, foo: [0, 0, 0, 0, 0, 0, 0xabcdef12 | 0, 0, 0, 0, 0] };
/** What maps hold first, by object: `init_test_val_map` in prog_tests/verifier.c. */
const mapsBefore: Readonly<Record<string, object>> = {
	verifier_array_access: { map_array_ro: { 0: testVal } },
	verifier_value_ptr_arith: { map_array_48b: { 0: testVal } },
};

/** Types that have a test run with a packet, and without any input. */
const withPacket = new Set(["xdp", "sched_cls", "sched_act", "socket_filter", "cgroup_skb", "lwt_xmit"]);
const withoutInput = new Set(["syscall", "raw_tracepoint"]);

/** The package with a vector for each return value, on 64 bytes of zeros like test_loader.c. */
export function withRetvals(
	pkg: Package,
	object: PackageObject,
	expected: readonly SelftestExpectation[],
): Package | undefined {
	const maps_before = mapsBefore[object.file.replace(/\.bpf\.o$/, "")];
	const filled = maps_before ? { maps_before } : {};
	const vectors = expected.flatMap(({ program, loads, retval }, index) => {
		const number = retvalOf(retval);
		const type = object.programs.find(({ name }) => name === program)?.meaning?.type ?? "";
		if (!loads || number === undefined || !(withPacket.has(type) || withoutInput.has(type))) return [];
		const packet = withPacket.has(type) ? { packet: { hex: "00".repeat(64) } } : {};
		return [{ name: `v${index}`, program, ...packet, ...filled, expect: { retval: number } }];
	});
	if (vectors.length === 0) return undefined;
	const bytes = Buffer.from(JSON.stringify({ vectors }));
	return { ...pkg, vectors: [{ file: "retval.json", display: "retval.json", bytes }] };
}

/** A number as bpf_misc.h writes it; undefined for any pointer. */
export function retvalOf(written: string | undefined): number | undefined {
	if (written === "TEST_DATA_LEN") return 64;
	if (written === "INT_MIN" || written === "_INT_MIN") return -0x80000000;
	const number = Number(written?.trim().replace(/^\((.*)\)$/, "$1"));
	return Number.isInteger(number) && number !== 0xbadcafe ? number || 0 : undefined;
}
