// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";

const source = fileURLToPath(new URL("testdata/told-inner.bpf.c", import.meta.url));
const vectors = `vectors:
  - name: answers-of-tenant
    program: of_tenant
    maps_before: { tenants: { 2: { entries: { 7: 2, 9: 1 } } } }
    packet: { layers: [ { eth: {} }, { payload: { length: 40 } } ] }
    expect:
      retval: XDP_PASS
      maps_after: { tenants: { 2: { entries: { 7: VALUE } } } }
`;

/** The object's map of maps has a template in the manifest alone. */
async function told(expected: number): Promise<Package> {
	const inner = { type: "hash", key_size: 4, value_size: 4, max_entries: 8 };
	const objects = [{ file: "told.bpf.o", maps: { tenants: { inner } } }];
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify({ name: "told", version: "1", objects, vectors: ["told.yaml"] }),
		"told.bpf.o": await compileBpf(source),
		"told.yaml": vectors.replace("VALUE", String(expected)),
	});
	return await openPackage(folder.path);
}

it.each(["5.10", "7.3"])(
	"inner maps of the manifest's template are filled and read on %s",
	async (kernel) => {
		await using bench = await testbench(kernel);
		const outcome = async (expected: number) =>
			[...(await bench.check(await told(expected))).values()].map(({ outcome, reason }) => [
				outcome,
				reason?.code,
				reason?.message,
			]);
		expect(await outcome(2)).toEqual([["pass", undefined, undefined]]);
		expect(await outcome(3)).toEqual([["fail", "vector-mismatch", expect.stringContaining("tenants[2][7]")]]);
	},
);
