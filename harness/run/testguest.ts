// SPDX-License-Identifier: Apache-2.0

import type { Package } from "../data/package/package.js";
import type { GuestSource } from "../lab/workbench.js";
import type { GuestClient } from "../machine/guest/client.js";
import type { Inventory, OperationName } from "../machine/guest/operations.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest, Splat } from "../machine/vm/guest.js";

/** For the tests of the runner: guests that answer from a table instead of a kernel. */
export const emptyInventory: Inventory = {
	programs: [],
	maps: [],
	links: [],
	btfs: [],
	netdevs: ["lo"],
	qdiscs: [],
	mounts: [],
	cgroups: [],
	pins: [],
	keys: [],
	processes: [],
};

export const kernel = (id: string): Kernel => ({
	id,
	release: `${id}.1-test`,
	arch: "x86_64",
	image: `/nowhere/${id}`,
	image_sha256: "0".repeat(64),
	source: "test",
});

export const pkg = (name: string, manifest: Partial<Package["manifest"]> = {}): Package => ({
	name,
	version: "1",
	sha256: "0".repeat(64),
	path: name,
	manifest: { name, version: "1", objects: ["p.o"], ...manifest },
	objects: [],
	vectors: [],
	loaderFiles: [],
	guestFiles: [],
	variants: [],
	signatures: [],
});

export class TestGuests implements GuestSource {
	acquired = 0;
	disposed = 0;
	/** The next answers in turn; the last one stays. A kernel's first is its clones'. */
	inventories: Inventory[] = [emptyInventory];
	readonly #fresh = new Map<string, Inventory>();
	#sent = 0;
	splats: Splat[] = [];
	refuse: Error | undefined;

	expect(): void {}

	async acquire(ofKernel: Kernel): Promise<Guest> {
		if (this.refuse) throw this.refuse;
		this.acquired++;
		const next = () =>
			this.inventories.length > 1 ? this.inventories.shift()! : (this.inventories[0] ?? emptyInventory);
		const call = async (op: OperationName) => {
			if (op !== "inventory") throw new Error(`unexpected ${op}`);
			return next();
		};
		// As if something was asked of the guest between any two looks.
		const sent = () => ++this.#sent;
		const traffic = {
			get sent() {
				return sent();
			},
			received: 0,
		};
		const inventory = this.#fresh.get(ofKernel.id) ?? next();
		this.#fresh.set(ofKernel.id, inventory);
		const greeting: Guest["greeting"] = {
			protocol: 1,
			release: ofKernel.release,
			version: "#1",
			machine: "x86_64",
			cpus: 1,
			mem_kb: 1,
			vmlinux_btf: true,
			modules: [],
		};
		return {
			kernel: ofKernel,
			client: { call, traffic, littleEndian: true, abandon: () => {} } as unknown as GuestClient,
			greeting,
			origin: "clone",
			inventory,
			pid: 0,
			console: () => "",
			peakMemory: async () => 0,
			view: async () => ({ programs: [], maps: [], links: [] }),
			splats: async () => this.splats,
			dispose: async () => {
				this.disposed++;
			},
		};
	}
}
