// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import type { CaseResult } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { compiled } from "../../lab/subject/session/testsession.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { GuestPool } from "../../machine/vm/pool.js";
import { explore } from "./explore-packages.js";

/** For tests of exploring: testdata/explored, and real guests. */
const source = fileURLToPath(new URL("testdata/explored.bpf.c", import.meta.url));
const machines = new Machines({ agent: agentPath });

/** A vector of one program; `more` stands beside its packet. */
export const vectorsOf = (program: string, more = "") => `
program: ${program}
vectors:
  - name: plain
${more}
    packet:
      layers: [ { eth: {} }, { ipv4: {} }, { udp: { dport: 4000 } }, { payload: { length: 700 } } ]
`;

export const compiledExplored = (vectors: string): Promise<Package> => compiled("explored", source, vectors);

/** @param jobs most guests at a time */
export async function explored(
	pkg: Package,
	ids: readonly string[],
	mutants: number,
	jobs = 2,
	from: Pick<Machines, "clone"> = machines,
	timeout = 3_600_000,
): Promise<{ results: CaseResult[]; finds: CaseResult[] }> {
	const kernels = await Promise.all(ids.map((id) => openKernel(id)));
	const pool = new GuestPool({ jobs, spare: 0, fresh: (kernel) => from.clone(kernel) });
	try {
		const results: CaseResult[] = [];
		for await (const result of explore({
			packages: [pkg],
			kernels,
			mutants,
			seed: 1,
			jobs,
			timeout,
			guests: pool,
			features: { lack: async () => undefined },
			signal: new AbortController().signal,
			emit: () => {},
		}))
			results.push(result);
		return { results, finds: results.filter(({ outcome }) => outcome !== "pass") };
	} finally {
		await pool.close();
	}
}
