// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { UndecidedError } from "../../base/errors.js";
import { isLittleEndian } from "../../base/struct.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { Channel } from "../guest/channel.js";
import { GuestClient } from "../guest/client.js";
import type { Result } from "../guest/operations.js";
import { Console } from "./console.js";
import type { Splat } from "./guest.js";
import { launch } from "./launch.js";
import type { OwnedProcess, ProcessEnd } from "./process.js";
import { type Accelerator, type BootKit, descriptors, type Memory } from "./qemu.js";
import { Qmp } from "./qmp.js";

/** A guest stopped when ready: files of its RAM and device state, never written again. */
export interface Template {
	ram: string;
	state: string;
	/** Where the inventory of its clones is kept; see `machine.ts`. */
	inventory: string;
	/** Where it is kept how its kernel is read from outside; see `view/host-view.ts`. */
	view: string;
}

/** Time limit for a mark in the kernel's log to appear, and how long a quiet console is silent. */
const markMs = 60_000;
const quietMs = 250;
/** Boots until the kernel measures the rate of its clock correctly. */
const maxBoots = 8;

export interface InstanceOptions {
	/** The kernel's id, for messages. */
	kernel: string;
	kit: BootKit;
	accelerator: Accelerator;
	/** Milliseconds; see Watchdog. */
	patience: number;
	/** The same until the guest has answered `hello`; default `patience`. */
	patienceAtStart?: number;
	/** QEMU maps RAM privately from a file that it may only read: 8.2 and later. */
	opensRamReadOnly?: boolean;
	/** Ends a guest that is still booting. */
	signal?: AbortSignal | undefined;
}

/** One QEMU process with its guest, and the three channels to it. */
export class Instance {
	readonly client: GuestClient;
	private readonly channel: Channel;
	readonly console: Console;
	readonly qmp: Qmp;
	private greeting: Result<"hello"> | undefined;
	private disposed = false;

	private constructor(
		private readonly process: OwnedProcess,
		private readonly options: InstanceOptions,
	) {
		const [console, rpc, qmp] = process.channels;
		if (!console || !rpc || !qmp) throw new Error("QEMU was started without its channels");
		this.channel = new Channel(rpc, {
			kernel: options.kernel,
			patience: options.patienceAtStart ?? options.patience,
			onLost: () => process.kill(),
		});
		this.client = new GuestClient(this.channel, isLittleEndian(options.kit.arch));
		this.console = new Console(console, () => {
			// A stuck kernel goes on reporting that: no sign of life.
			if (!this.greeting || !this.console.splats.some(isStall)) this.channel.consoleSpoke();
		});
		this.qmp = new Qmp(qmp);
		process.ended.then((end) => this.channel.fail(this.death(end)));
	}

	/** Boots until the agent is ready, without `hello`; boots another one for a wrong clock. */
	static async boot(options: InstanceOptions, memory: Memory): Promise<Instance> {
		for (let times = 1; times <= maxBoots; times++) {
			const instance = await Instance.bootOnce(options, memory);
			if (!hasWrongClock(instance.console.tail)) return instance;
			await instance.dispose();
		}
		throw undecided("guest-clock", { kernel: options.kernel, times: maxBoots });
	}

	private static async bootOnce(options: InstanceOptions, memory: Memory): Promise<Instance> {
		const { kit, accelerator, signal } = options;
		signal?.throwIfAborted();
		const instance = new Instance(await launch({ kit, accelerator, memory }), options);
		const end = () => instance.process.kill();
		signal?.addEventListener("abort", end);
		if (signal?.aborted) end();
		try {
			await instance.or(() => instance.channel.ready());
		} finally {
			signal?.removeEventListener("abort", end);
		}
		return instance;
	}

	/** Continues a template, RAM copy-on-write; `hello` shows within `limit` ms if it resumes. */
	static async resume(options: InstanceOptions, template: Template, limit: number): Promise<Instance> {
		const { kit, accelerator } = options;
		const memory: Memory = { kind: "copied", file: template.ram, writable: !options.opensRamReadOnly };
		const process = await launch({ kit, accelerator, memory, state: template.state });
		const instance = new Instance(process, options);
		const late = undecided("clone-failed", { ms: limit });
		const timer = setTimeout(() => {
			instance.channel.fail(late);
			process.kill();
		}, limit);
		const arguments_ = { uri: `fd:${descriptors.files}` };
		try {
			await instance.or(async () => {
				const loading = instance.qmp.execute(withoutRam, {
					execute: "migrate-incoming",
					arguments: arguments_,
				});
				await Promise.all([loading, instance.hello()]);
			});
		} finally {
			clearTimeout(timer);
		}
		return instance;
	}

	async hello(): Promise<Result<"hello">> {
		this.greeting ??= await this.or(() => this.channel.hello());
		this.channel.patience = this.options.patience;
		return this.greeting;
	}

	/**
	 * Stops for good and writes device state to `state`. QEMU stops the running guest: one stopped
	 * before would resume stopped.
	 * @param folder that of its memory, for a socket
	 */
	async save(state: string, folder: string): Promise<void> {
		// QEMU's sandbox forbids starting programs, and QEMU 7.2 cannot migrate to a file; it can
		// connect to a socket.
		const server = createServer();
		try {
			server.listen({ path: join(folder, "state"), writableAll: true });
			await once(server, "listening");
			const sent = once(server, "connection").then(([peer]) =>
				pipeline(peer as Socket, createWriteStream(state)),
			);
			// QEMU may run as another user, who cannot reach the folder by its path.
			const socket = `/proc/self/fd/${descriptors.files}/state`;
			await Promise.race([sent, this.migrate(socket).then(() => sent)]);
		} finally {
			server.close();
		}
	}

	private async migrate(socket: string): Promise<void> {
		const outcome = new Promise<void>((resolve, reject) => {
			this.qmp.onEvent((event, data) => {
				if (event !== "MIGRATION") return;
				if (data.status === "completed") resolve();
				else if (data.status === "failed") reject(undecided("template-failed"));
			});
		});
		outcome.catch(() => {});
		const arguments_ = { uri: `unix:${socket}` };
		await this.qmp.execute(withoutRam, { execute: "migrate", arguments: arguments_ });
		await outcome;
	}

	/** Splats on the console, after all pending kernel output is read. */
	async splats(): Promise<Splat[]> {
		const seen = this.client.failure ? true : await this.settle();
		if (this.client.failure) await this.process.ended;
		else if (!seen) return [...this.console.splats, silent];
		return [...this.console.splats];
	}

	/**
	 * Kernels like 7.3 print in a thread: so wait for a mark in the log, or else for silence. The
	 * mark is drawn by chance: no program in the guest can write it beforehand.
	 * @returns whether it came
	 */
	private async settle(): Promise<boolean> {
		const mark = `bpfgate: mark ${randomBytes(16).toString("hex")}`;
		const data = new TextEncoder().encode(`<4>${mark}\n`);
		const seen = this.console.until(mark, markMs);
		const written = await this.client.call("file_write", { path: "/dev/kmsg", data }).then(
			() => true,
			() => false,
		);
		if (written && (await seen)) return true;
		for (let before = -1; this.console.bytes !== before && !this.client.failure; ) {
			before = this.console.bytes;
			await sleep(quietMs);
		}
		return false;
	}

	async peakMemory(): Promise<number> {
		const status = await readFile(`/proc/${this.process.pid}/status`, "utf8");
		return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
	}

	/** Runs `look`, which does not wait, while the guest stands still. */
	async still<T>(look: () => T): Promise<T> {
		try {
			await this.qmp.execute({ execute: "stop" });
			try {
				return look();
			} finally {
				await this.qmp.execute({ execute: "cont" });
			}
		} catch (error) {
			throw this.client.failure ?? error;
		}
	}

	get pid(): number {
		return this.process.pid;
	}

	/** Ends QEMU and waits for its end. Never throws. */
	async dispose(): Promise<void> {
		this.disposed = true;
		this.process.kill();
		await this.process.ended;
	}

	/** Ends a guest that does not come up and has no owner yet. QEMU's reason comes first. */
	private async or<T>(comingUp: () => Promise<T>): Promise<T> {
		try {
			return await comingUp();
		} catch (error) {
			const known = this.client.failure;
			this.process.kill();
			const { signal } = await this.process.ended;
			throw known ?? (signal === "SIGKILL" ? error : (this.client.failure ?? error));
		}
	}

	private death(end: ProcessEnd): UndecidedError {
		const { kernel } = this.options;
		if (this.disposed)
			return undecided("guest-died", {
				kernel,
				how: "bpfgate ended it, as it was no longer in use",
				by: "host",
			});
		const splat = this.console.splats.at(-1);
		const agent = /^bpfgate: (?!mark )(.*)$/m.exec(this.console.tail)?.[1];
		const said = splat?.title ?? agent ?? (end.stderr.split("\n").at(-1) || undefined);
		const how = end.signal ? `QEMU was ended by ${end.signal}` : `QEMU ended with status ${end.code}`;
		const starved = this.console.splats.some(({ kind }) => kind === "out-of-memory");
		const by = starved ? "memory" : splat ? "package" : whoEnded(end, this.greeting !== undefined);
		const inGuest = by === "package" || by === "agent";
		return undecided("guest-died", { kernel, how: said ? `${said} (${how})` : how, by }, { inGuest });
	}
}

const silent: Splat = {
	kind: "silent",
	title: "a line that bpfgate wrote there did not come out on the console",
	text: "",
};
const isStall = ({ kind }: Splat) => kind === "lockup" || kind === "rcu-stall";

/**
 * A memory file cannot grow on a full disk: SIGBUS. Status 0: the guest switched off, or QEMU took
 * a signal of the host (SIGTERM, SIGINT, SIGHUP) and says so on its own output.
 */
function whoEnded(end: ProcessEnd, wasUp: boolean): "disk" | "itself" | "agent" | "host" {
	if (end.signal === "SIGBUS") return "disk";
	if (/: terminating on signal \d+/.test(end.stderr.split("\n").at(-1) ?? "")) return "host";
	if (end.code !== 0) return "host";
	return wasUp ? "agent" : "itself";
}

/** RAM shared with a file is not in the migration stream, which records that. */
const withoutRam = {
	execute: "migrate-set-capabilities",
	arguments: {
		capabilities: ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true })),
	},
};

/**
 * True if the kernel measured a wrong TSC frequency, so that its clock has a wrong rate (13 times
 * too fast was seen): under TCG on a loaded host, when PIT and PM timer disagree. Kernel:
 * pit_hpet_ptimer_calibrate_cpu(), arch/x86/kernel/tsc.c.
 */
export function hasWrongClock(console: string): boolean {
	return console.includes("tsc: PIT calibration deviates from PMTIMER");
}
