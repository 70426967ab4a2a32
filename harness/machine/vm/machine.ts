// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { tracingChannel } from "node:diagnostics_channel";
import { cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheRoot } from "../../base/cache-root.js";
import { hostFailure } from "../../base/errors.js";
import { keep, readKept } from "../../base/schema-cache.js";
import { validator } from "../../base/validate.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { GuestClient } from "../guest/client.js";
import { type Inventory, operations } from "../guest/operations.js";
import { initramfsFor } from "../kernel/initramfs.js";
import { type Kernel, memoryOf } from "../kernel/kernel.js";
import { type Acceleration, patience, probeAccelerator } from "./accelerator.js";
import { architecture } from "./architecture.js";
import type { Guest } from "./guest.js";
import { Instance, type InstanceOptions, type Template } from "./instance.js";
import type { Accelerator, BootKit } from "./qemu.js";
import { discard, openable, template, templateKey } from "./template.js";
import { findView, type HostView, look, type Seen, templateView } from "./view/host-view.js";

const inventories = validator(operations.inventory.result);

/** What a fresh clone has: the first one's answer, kept in `file` beside the template. */
export async function templateInventory(file: string, client: GuestClient): Promise<Inventory> {
	const kept = await readKept(file, inventories);
	if (kept) return kept;
	const inventory = await client.call("inventory", {});
	await keep(file, `${JSON.stringify(inventory)}\n`);
	return inventory;
}

/** Milliseconds until a clone without an answer has failed; an idle host takes 0.1 s. */
const cloneMs: Record<Accelerator, number> = { kvm: 10_000, tcg: 30_000 };
/** Templates without a clone, and failed boots in a row, until this run gives up on the kernel. */
const maxFailures = 2;

export interface MachinesOptions {
	/** Path of the built agent for an architecture (`uname -m`). */
	agent: (arch: string) => string;
	/** Folder for templates and probe results; default `cacheRoot()`. */
	cache?: string;
	/**
	 * Milliseconds; see Watchdog. Default 15 s under KVM, 60 s under TCG. A guest that
	 * is coming up always gets at least the default.
	 */
	patience?: number;
	/** Default: probed. */
	accelerator?: Accelerator;
	/** Kernel parameters after those of every guest; see BootKit. */
	parameters?: readonly string[];
	/** Ends guests that are still booting, and prevents further boots. */
	signal?: AbortSignal;
}

/** Diagnostics channel: one message for each clone, `{ kernel }`, with the guest as result. */
export const clones = tracingChannel<"bpfgate:clone", { kernel: string; result?: Guest }>("bpfgate:clone");

/** Makes guests: clones of templates, made when missing, or cold VMs. No root, no network. */
export class Machines {
	private readonly cache: string;
	private readonly accelerations = new Map<string, Promise<Acceleration>>();
	private readonly versions = new Map<string, Promise<string>>();
	private readonly inventories = new Map<string, Promise<Inventory>>();
	private readonly views = new Map<string, Promise<HostView>>();
	private readonly opened = new Map<string, Promise<Template>>();
	private readonly kits = new Map<string, Promise<BootKit>>();
	private readonly failures = new Map<string, number>();
	private readonly failedBoots = new Map<string, number>();

	constructor(private readonly options: MachinesOptions) {
		this.cache = options.cache ?? cacheRoot();
	}

	/** Which accelerator guests of this kernel get; probes again when `fresh`. */
	acceleration(kernel: Kernel, fresh = false): Promise<Acceleration> {
		const { accelerator } = this.options;
		if (accelerator) return Promise.resolve({ accelerator, why: "it was asked for" });
		return once(this.accelerations, kernel.arch, fresh, async () =>
			probeAccelerator({
				kernel: kernel.id,
				kit: await this.kit(kernel),
				qemuVersion: await this.qemuVersion(kernel.arch),
				cache: join(this.cache, "accelerator.json"),
				fresh,
				signal: this.options.signal,
			}),
		);
	}

	/** `7.2.22`. Throws UndecidedError `qemu-missing`. */
	qemuVersion(arch: string): Promise<string> {
		return once(this.versions, arch, false, async () => {
			const { qemu } = architecture(arch);
			const { stdout } = await promisify(execFile)(qemu, ["--version"]).catch((cause) => {
				throw undecided("qemu-missing", { qemu }, { cause });
			});
			return /version (\S+)/.exec(stdout)?.[1] ?? stdout.trim();
		});
	}

	/** Boots a guest from cold. Throws UndecidedError. */
	async boot(kernel: Kernel, fallback?: string): Promise<Guest> {
		const options = await this.instanceOptions(kernel);
		const instance = await this.booting(kernel, () => Instance.boot(options, { kind: "private" }));
		await instance.hello();
		return guest(kernel, instance, findView(seen(kernel, instance)), "boot", fallback);
	}

	/** A clone of the kernel's template; if no clone comes up, a cold boot that says why. */
	clone(kernel: Kernel): Promise<Guest> {
		return clones.tracePromise(() => this.cloned(kernel), { kernel: kernel.id });
	}

	private async cloned(kernel: Kernel): Promise<Guest> {
		const options = await this.instanceOptions(kernel);
		const key = templateKey(options, await this.qemuVersion(kernel.arch), cpus()[0]?.model ?? "");
		if ((this.failures.get(key) ?? 0) >= maxFailures)
			return this.boot(kernel, `${maxFailures} templates gave no clone that came up`);
		const root = join(this.cache, "templates");
		const found = await this.booting(kernel, () => template(root, key, options));
		const source = await once(this.opened, found.ram, false, () =>
			options.opensRamReadOnly ? Promise.resolve(found) : openable(found),
		);
		try {
			const instance = await Instance.resume(options, source, cloneMs[options.accelerator]);
			const inventory = await once(this.inventories, key, false, () =>
				templateInventory(source.inventory, instance.client),
			);
			const view = once(this.views, key, false, () => templateView(source.view, seen(kernel, instance)));
			return { ...(await guest(kernel, instance, view, "clone")), inventory };
		} catch (error) {
			this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
			await discard(root, key);
			return this.boot(kernel, `the clone did not come up: ${(error as Error).message}`);
		}
	}

	/** Waiting for a kernel that never boots is slow: after some failures this throws at once. */
	private async booting<T>(kernel: Kernel, boot: () => Promise<T>): Promise<T> {
		const failed = this.failedBoots.get(content(kernel)) ?? 0;
		if (failed >= maxFailures) throw undecided("kernel-does-not-boot", { kernel: kernel.id, times: failed });
		try {
			const up = await boot();
			this.failedBoots.delete(content(kernel));
			return up;
		} catch (error) {
			if (!hostFailure(error)) this.failedBoots.set(content(kernel), failed + 1);
			throw error;
		}
	}

	private kit(kernel: Kernel): Promise<BootKit> {
		return once(this.kits, content(kernel), false, async () => {
			const initramfs = await initramfsFor(kernel, this.options.agent(kernel.arch));
			return {
				arch: kernel.arch,
				image: kernel.image,
				image_sha256: kernel.image_sha256,
				initramfs: initramfs.path,
				initramfs_sha256: initramfs.sha256,
				parameters: this.options.parameters ?? [],
			};
		});
	}

	private async instanceOptions(kernel: Kernel): Promise<InstanceOptions> {
		const { accelerator } = await this.acceleration(kernel);
		return {
			kernel: kernel.id,
			kit: { ...(await this.kit(kernel)), memory: memoryOf(kernel) },
			accelerator,
			patience: this.options.patience ?? patience[accelerator],
			opensRamReadOnly: opensRamReadOnly(await this.qemuVersion(kernel.arch)),
			patienceAtStart: Math.max(this.options.patience ?? 0, patience[accelerator]),
			signal: this.options.signal,
		};
	}
}

/** From 8.2 on: `rom=off` of memory-backend-file. */
function opensRamReadOnly(qemuVersion: string): boolean {
	const [major = 0, minor = 0] = qemuVersion.split(".").map(Number);
	return major > 8 || (major === 8 && minor >= 2);
}

/** The same image may be in the store with different modules. */
function content({ image_sha256, modules_sha256 }: Kernel): string {
	return `${image_sha256} ${modules_sha256}`;
}

const seen = (kernel: Kernel, { client, pid }: Instance): Seen => ({
	kernel: kernel.id,
	arch: kernel.arch,
	client,
	pid,
	ram: memoryOf(kernel) * 2 ** 20,
});

async function guest(
	kernel: Kernel,
	instance: Instance,
	view: Promise<HostView>,
	origin: Guest["origin"],
	fallback?: string,
): Promise<Guest> {
	const greeting = await instance.hello();
	// Without it, only what needs it fails; nothing else may run in the guest before.
	await view.catch(() => {});
	return {
		kernel,
		client: instance.client,
		greeting,
		origin,
		...(fallback === undefined ? {} : { fallback }),
		pid: instance.pid,
		view: async () => {
			const known = await view;
			return instance.still(() => look(seen(kernel, instance), known));
		},
		splats: () => instance.splats(),
		console: () => instance.console.tail,
		peakMemory: () => instance.peakMemory(),
		dispose: () => instance.dispose(),
	};
}

/** `make` for `key`, once for all concurrent callers; a failure is not kept. */
function once<T>(
	known: Map<string, Promise<T>>,
	key: string,
	fresh: boolean,
	make: () => Promise<T>,
): Promise<T> {
	const found = fresh ? undefined : known.get(key);
	if (found) return found;
	const made = make();
	known.set(key, made);
	made.catch(() => {
		if (known.get(key) === made) known.delete(key);
	});
	return made;
}
