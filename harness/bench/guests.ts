// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Machines } from "../machine/vm/machine.js";
import { type Figure, inTurn, median, milliseconds, rounded } from "./figure.js";

const turns = 7;

/** Time from QEMU's start to the agent's first answer, cold and cloned, and a guest's memory. */
export async function guestFigures(machines: Machines, kernel: Kernel): Promise<Figure[]> {
	await (await machines.clone(kernel)).dispose();
	const memory: number[] = [];
	const up = (make: "boot" | "clone") => async () => {
		let end = async () => {};
		const taken = await milliseconds(async () => {
			const guest = await machines[make](kernel);
			await guest.client.call("ping", {});
			if (guest.origin !== make) throw new Error(`wanted a ${make}: ${guest.fallback}`);
			end = async () => {
				if (make === "clone") memory.push(await guest.peakMemory());
				await guest.dispose();
			};
		});
		await end();
		return taken;
	};
	const { a: boots, b: clones } = await inTurn(turns, up("boot"), up("clone"));
	const how = `median of ${turns} in turn with the other side, kernel ${kernel.id}, from starting QEMU to the answer of a first request`;
	const [boot, clone] = [median(boots), median(clones)];
	return [
		{
			name: `boot/${kernel.id}`,
			value: rounded(boot / 1000),
			unit: "s",
			against: "a clone of its template",
			ratio: rounded(clone / boot),
			how,
		},
		{
			name: `clone/${kernel.id}`,
			value: rounded(clone / 1000),
			unit: "s",
			against: "booting it from cold",
			ratio: rounded(boot / clone),
			how,
		},
		{
			name: `memory/${kernel.id}`,
			value: rounded(median(memory) / 1024),
			unit: "MiB",
			against: "",
			ratio: 0,
			how: `median of VmHWM (proc(5)) of ${turns} QEMU processes after a first answer, pages shared with the template counted`,
		},
	];
}
