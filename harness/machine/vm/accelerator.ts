// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { cpus, machine, release } from "node:os";
import { type Static, Type } from "@sinclair/typebox";
import { keep, readKept } from "../../base/schema-cache.js";
import { validator } from "../../base/validate.js";
import { Instance } from "./instance.js";
import type { Accelerator, BootKit } from "./qemu.js";

/** A guest under a working KVM is ready in well under a second; a broken KVM hangs forever. */
const probeMs = 10_000;

/** Milliseconds without progress before a guest counts as hung; emulation is slow. */
export const patience: Record<Accelerator, number> = { kvm: 15_000, tcg: 60_000 };

/** Which accelerator guests get, and how that was found. */
export interface Acceleration {
	accelerator: Accelerator;
	why: string;
}

const Probed = Type.Object({
	accelerator: Type.Unsafe<Accelerator>({ type: "string", enum: ["kvm", "tcg"] }),
	why: Type.String(),
	depends: Type.Array(Type.String()),
});
const probes = validator(Probed);

export interface ProbeOptions {
	/** The kernel to probe with. */
	kernel: string;
	kit: BootKit;
	qemuVersion: string;
	/** File that keeps the answer, with what it depended on. */
	cache: string;
	/** Probes again, without the cached answer. */
	fresh?: boolean;
	env?: NodeJS.ProcessEnv;
	/** Ends the guest that probes it. */
	signal?: AbortSignal | undefined;
}

/**
 * KVM when a guest ran under it, TCG otherwise; an open /dev/kvm proves nothing. `BPFGATE_ACCEL`
 * overrides. Throws only when ended by the signal.
 */
export async function probeAccelerator(options: ProbeOptions): Promise<Acceleration> {
	const wanted = (options.env ?? process.env).BPFGATE_ACCEL;
	if (wanted === "kvm" || wanted === "tcg") return { accelerator: wanted, why: "BPFGATE_ACCEL says so" };
	if (options.kit.arch !== machine())
		return { accelerator: "tcg", why: `${options.kit.arch} is not this host's architecture` };
	const usable = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
		() => undefined,
		(error: NodeJS.ErrnoException) => error.code ?? error.message,
	);
	if (usable) return { accelerator: "tcg", why: `/dev/kvm cannot be opened (${usable})` };
	const depends = [options.qemuVersion, release(), cpus()[0]?.model ?? ""];
	const known = options.fresh ? undefined : await recall(options.cache, depends);
	if (known) return known;
	const found = await run(options);
	const probed: Static<typeof Probed> = { ...found, depends };
	const text = `${JSON.stringify(probed, null, "\t")}\n`;
	await keep(options.cache, text);
	return found;
}

async function run({ kernel, kit, signal }: ProbeOptions): Promise<Acceleration> {
	const options = { kernel, kit, accelerator: "kvm", patience: probeMs, signal } as const;
	const started = performance.now();
	try {
		const instance = await Instance.boot(options, { kind: "private" });
		try {
			await instance.hello();
		} finally {
			await instance.dispose();
		}
		return {
			accelerator: "kvm",
			why: `a guest ran under KVM in ${Math.round(performance.now() - started)} ms`,
		};
	} catch (error) {
		signal?.throwIfAborted();
		return { accelerator: "tcg", why: `a guest under KVM did not run: ${(error as Error).message}` };
	}
}

async function recall(cache: string, depends: string[]): Promise<Acceleration | undefined> {
	const found = await readKept(cache, probes);
	if (found?.depends.join("\n") !== depends.join("\n")) return undefined;
	return { accelerator: found.accelerator, why: found.why };
}
