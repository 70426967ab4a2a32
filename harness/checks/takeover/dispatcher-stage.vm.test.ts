// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { tryOnDispatcher } from "./attempt.js";
import { DispatcherStage } from "./dispatcher-stage.js";
import { dispatcherTechniques } from "./techniques/dispatchers.js";
import { TestWatcher } from "./watcher/testwatcher.js";

const machines = new Machines({ agent: agentPath });

async function staged<T>(id: string, work: (stage: DispatcherStage) => Promise<T>): Promise<T> {
	const guest = await machines.clone(await openKernel(id));
	try {
		return await work(await DispatcherStage.open(guest));
	} finally {
		await guest.dispose();
	}
}

describe.each(["5.10", "7.3"])("a slot of libxdp's dispatcher on %s", (id) => {
	it.each(dispatcherTechniques)("is taken by $name, which the watcher notices", (technique) =>
		staged(id, async (stage) => {
			const watcher = await TestWatcher.start(stage.guest);
			await watcher.until({ event: "ready" });
			expect(await stage.passed()).toBe(0);
			expect(await tryOnDispatcher(stage, technique)).toMatchObject({ result: "took", errno: 0 });
			await watcher.until({ event: "change", kind: "link" });
		}),
	);

	it("stays where a technique does nothing", () =>
		staged(id, async (stage) => {
			const idle = dispatcherTechniques.map((technique) => ({
				...technique,
				carryOut: async () => ({ call: "nothing", errno: 0 }),
			}));
			for (const technique of idle)
				expect(await tryOnDispatcher(stage, technique)).toMatchObject({ result: "no-effect" });
		}));
});
