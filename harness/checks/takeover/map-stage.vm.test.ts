// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import { Machines } from "../../machine/vm/machine.js";
import { tryOnMap } from "./attempt.js";
import { MapStage } from "./map-stage.js";
import { mapTechniques } from "./techniques/maps.js";

it.each(["5.10", "7.3"])("a slot stays where a technique does nothing on %s, and is taken", async (id) => {
	const guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
	const { client } = guest;
	const path = "/run/slots.bpf.o";
	try {
		const data = await compileBpf(join(import.meta.dirname, "testdata/testslots.bpf.c"));
		await client.call("file_write", { path, data });
		const { object } = await client.call("object_open", { path });
		const { errno, maps } = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(errno).toBe(0);
		const map = maps.find(({ name }) => name === "members")!.id!;
		for (const name of ["slot-replaced", "slot-emptied"]) {
			const technique = mapTechniques.find((each) => each.name === name)!;
			const stage = await MapStage.open(guest, object, "members", map);
			const idle = { ...technique, carryOut: async () => ({ call: "nothing", errno: 0 }) };
			expect(await tryOnMap(stage, idle)).toMatchObject({ result: "no-effect" });
			expect(await tryOnMap(stage, technique)).toMatchObject({ result: "took" });
		}
	} finally {
		await guest.dispose();
	}
});
