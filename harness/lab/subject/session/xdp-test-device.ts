// SPDX-License-Identifier: Apache-2.0

import { EINVAL } from "../../../base/errno.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { GuestError } from "../../../machine/guest/guest-error.js";

/** Attaching a program takes as long as this many of its test runs. */
const worthwhile = 16;
const loopback = 1;

/** BPF_F_TEST_XDP_LIVE_FRAMES above TEST_XDP_MAX_BATCH: the kernel runs nothing. */
const tooManyLive = { flags: 2, batch_size: 1 << 20 };

/**
 * Before 5.18 each test run of an unattached XDP program rewrites the kernel's dispatcher, which
 * takes four times as long as all else (bpf_prog_test_run_xdp, kernel/bpf/dispatcher.c): so it is
 * attached to the loopback of an idle namespace. Kernels without live frames, of the same release,
 * need this.
 */
export class XdpTestDevice {
	#isSlow: Promise<boolean> | undefined;
	#netns: number | undefined;
	#on: { key: string; link?: number } | undefined;
	#turn: Promise<void> = Promise.resolve();

	constructor(private readonly client: Pick<GuestClient, "call">) {}

	/** Attaches the vectors' program where test runs are slow, and detaches the one before. */
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
			await this.#detachProgram();
			this.#on = { key };
			try {
				this.#netns ??= (await this.client.call("netns_add", {})).netns;
				const at = { hook: "xdp", mode: "generic" as const, ifindex: loopback, netns: this.#netns };
				this.#on.link = (await this.client.call("attach", { object, program, ...at })).link;
			} catch (error) {
				// Not every program can be attached here: it runs without, only slowly.
				if (!(error instanceof GuestError)) throw error;
			}
		});
	}

	/** Detaches the program; call it before the object is closed. */
	detach(): Promise<void> {
		return this.#inTurn(() => this.#detachProgram());
	}

	async close(): Promise<void> {
		await this.detach();
		if (this.#netns !== undefined) await this.client.call("close", { handle: this.#netns });
		this.#netns = undefined;
	}

	async #lacksLiveFrames(object: number, program: string): Promise<boolean> {
		const { runs } = await this.client.call("test_run", { object, program, runs: [tooManyLive] });
		return runs[0]?.errno === EINVAL;
	}

	async #detachProgram(): Promise<void> {
		const link = this.#on?.link;
		this.#on = undefined;
		if (link !== undefined) await this.client.call("detach", { link });
	}

	/** One batch may be prepared while another is. */
	#inTurn(work: () => Promise<void>): Promise<void> {
		const done = this.#turn.then(work);
		this.#turn = done.catch(() => {});
		return done;
	}
}
