// SPDX-License-Identifier: Apache-2.0

import { EINVAL } from "../../../base/errno.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { GuestError } from "../../../machine/guest/guest-error.js";

/** Putting a program there takes as long as so many of its runs. */
const worthwhile = 16;
const loopback = 1;

/**
 * BPF_F_TEST_XDP_LIVE_FRAMES, with more frames in a batch than the kernel allows
 * (TEST_XDP_MAX_BATCH): nothing is run.
 */
const tooManyLive = { flags: 2, batch_size: 1 << 20 };

/**
 * Before 5.18 the kernel rewrites the dispatcher of XDP programs, which is code, for every test run
 * of one that is on no device; that takes four times as long as all else (bpf_prog_test_run_xdp of
 * net/bpf/test_run.c, kernel/bpf/dispatcher.c). So the program is put on a device while its vectors
 * run: the loopback of a network namespace in which nobody sends. A kernel of that age is known by
 * what came at the same time: it has no live frames.
 */
export class XdpTestDevice {
	#isSlow: Promise<boolean> | undefined;
	#netns: number | undefined;
	#on: { key: string; link?: number } | undefined;
	#turn: Promise<void> = Promise.resolve();

	constructor(private readonly client: Pick<GuestClient, "call">) {}

	/**
	 * Makes the vectors' runs in this object quick where they would be slow; the program before is
	 * taken off.
	 */
	prepare(object: number, vectors: readonly PreparedVector[]): Promise<void> {
		const [first] = vectors;
		if (first?.subject.type !== "xdp") return Promise.resolve();
		const program = first.subject.program.name;
		const count = vectors.filter(({ subject }) => subject.program.name === program).length;
		const key = `${object} ${program}`;
		if (count < worthwhile) return Promise.resolve();
		return this.#inTurn(async () => {
			this.#isSlow ??= this.#lacksLiveFrames(object, program);
			if (this.#on?.key === key || !(await this.#isSlow)) return;
			await this.#takeOff();
			this.#on = { key };
			try {
				this.#netns ??= (await this.client.call("netns_add", {})).netns;
				const at = { hook: "xdp", mode: "generic" as const, ifindex: loopback, netns: this.#netns };
				this.#on.link = (await this.client.call("attach", { object, program, ...at })).link;
			} catch (error) {
				// Not every program may be on a device: it runs as well without, only slowly.
				if (!(error instanceof GuestError)) throw error;
			}
		});
	}

	/** To be called before the object is closed. */
	takeOff(): Promise<void> {
		return this.#inTurn(() => this.#takeOff());
	}

	async close(): Promise<void> {
		await this.takeOff();
		if (this.#netns !== undefined) await this.client.call("close", { handle: this.#netns });
		this.#netns = undefined;
	}

	async #lacksLiveFrames(object: number, program: string): Promise<boolean> {
		const { runs } = await this.client.call("test_run", { object, program, runs: [tooManyLive] });
		return runs[0]?.errno === EINVAL;
	}

	async #takeOff(): Promise<void> {
		const link = this.#on?.link;
		this.#on = undefined;
		if (link !== undefined) await this.client.call("detach", { link });
	}

	/** A batch may be prepared while another is. */
	#inTurn(work: () => Promise<void>): Promise<void> {
		const done = this.#turn.then(work);
		this.#turn = done.catch(() => {});
		return done;
	}
}
