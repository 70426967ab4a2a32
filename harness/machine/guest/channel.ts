// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from "node:crypto";
import { tracingChannel } from "node:diagnostics_channel";
import type { Duplex } from "node:stream";
import { type Static, Type } from "@sinclair/typebox";
import type { UndecidedError } from "../../base/errors.js";
import { type Validator, validator } from "../../base/validate.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type Clock, systemClock } from "./clock.js";
import { encodeFrame, FrameDecoder, FrameError, nonceBytes } from "./frame.js";
import { GuestError } from "./guest-error.js";
import { type Args, GuestFailure, type OperationName, operations, type Result } from "./operations.js";
import { decodePayload, encodePayload } from "./payload.js";
import { Watchdog } from "./watchdog.js";

const Envelope = Type.Object(
	{
		id: Type.Integer({ minimum: 0 }),
		ok: Type.Optional(Type.Unknown()),
		err: Type.Optional(GuestFailure),
		progress: Type.Optional(Type.Integer({ minimum: 0 })),
	},
	{ additionalProperties: false, minProperties: 2, maxProperties: 2 },
);
const envelopes = validator(Envelope);
const readiness = validator(Type.Object({ ready: Type.Literal(true) }));
const results = new Map<OperationName, Validator<(typeof operations)[OperationName]["result"]>>();

function resultValidator(op: OperationName) {
	let found = results.get(op);
	if (!found) {
		found = validator(operations[op].result);
		results.set(op, found);
	}
	return found;
}

/** Diagnostics channel with one message for each request: `{ op }`. */
export const requests = tracingChannel<"bpfgate:request", { op: OperationName }>("bpfgate:request");

interface Pending {
	id: number;
	op: OperationName | "ready";
	progress: number;
	resolve(result: unknown): void;
	reject(error: Error): void;
}

export interface ChannelOptions {
	/** Names the guest in messages: a kernel's id. */
	kernel: string;
	/** Milliseconds; see Watchdog. */
	patience: number;
	clock?: Clock;
	/** Called once when the channel gives the guest up; the guest must then be ended. */
	onLost?: (error: UndecidedError) => void;
}

/**
 * The runner's end of the channel (PROTOCOL.md); requests may overlap, answers keep the order.
 * After `channel-corrupt`, `guest-hung` or `guest-died` every request rejects with that error.
 */
export class Channel {
	private readonly decoder = new FrameDecoder();
	private readonly watchdog: Watchdog;
	private readonly pending: Pending[] = [];
	private nonce: Uint8Array = new Uint8Array(nonceBytes);
	private lastId = 0;
	private lostWith: UndecidedError | undefined;
	/** Bytes on the channel, including frame headers. */
	readonly traffic = { sent: 0, received: 0 };

	constructor(
		private readonly stream: Duplex,
		private readonly options: ChannelOptions,
	) {
		this.watchdog = new Watchdog(options.clock ?? systemClock, options.patience, (why) =>
			this.abandon(
				undecided(
					"guest-hung",
					{ kernel: options.kernel, op: `${this.pending[0]?.op}`, why },
					{ inGuest: true },
				),
			),
		);
		stream.on("data", (chunk: Buffer) => this.read(chunk));
		stream.on("error", () => {}); // A write after the guest's end; the owner of its process reports how it ended.
	}

	/** Waits for the frame that an agent sends after booting; a clone does not send it. */
	ready(): Promise<void> {
		return new Promise((resolve, reject) =>
			this.enqueue({ id: 0, op: "ready", progress: 0, resolve: () => resolve(), reject }),
		);
	}

	/** The first request: gives the guest a nonce that no program in the template can know. */
	hello(): Promise<Result<"hello">> {
		const nonce = new Uint8Array(randomBytes(nonceBytes));
		const answer = this.request("hello", { nonce });
		this.nonce = nonce;
		return answer;
	}

	/** Sends one request and waits for its outcome. */
	request<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		return requests.tracePromise(() => this.send(op, args), { op });
	}

	private send<N extends OperationName>(op: N, args: Args<N>): Promise<Result<N>> {
		return new Promise((resolve, reject) => {
			const id = ++this.lastId;
			const frame = encodeFrame(this.nonce, encodePayload({ id, op, args }));
			this.enqueue({ id, op, progress: 0, resolve: (result) => resolve(result as Result<N>), reject });
			if (this.lostWith) return;
			this.traffic.sent += frame.length;
			this.stream.write(frame);
		});
	}

	/** Applies from now on; see Watchdog. */
	set patience(ms: number) {
		this.watchdog.patience = ms;
	}

	/** The kernel has printed to its console; see Watchdog. */
	consoleSpoke(): void {
		this.watchdog.consoleSpoke();
	}

	/** Rejects all pending and later requests with `error`. Only the first call counts. */
	fail(error: UndecidedError): void {
		if (this.lostWith) return;
		this.lostWith = error;
		this.watchdog.stop();
		for (const waiting of this.pending.splice(0)) waiting.reject(error);
	}

	/** The operation of the oldest request without an answer. */
	get operation(): string | undefined {
		return this.pending[0]?.op;
	}

	/** Gives the guest up: `onLost` ends it, and every request rejects with `error`. */
	abandon(error: UndecidedError): void {
		if (this.lostWith) return;
		this.fail(error);
		this.options.onLost?.(error);
	}

	/** The reason if the guest is lost. */
	get failure(): UndecidedError | undefined {
		return this.lostWith;
	}

	private enqueue(pending: Pending): void {
		if (this.lostWith) pending.reject(this.lostWith);
		else if (this.pending.push(pending) === 1) this.watchdog.start();
	}

	private corrupt(cause: unknown): void {
		const why = cause instanceof Error ? cause.message : String(cause);
		this.abandon(
			undecided("channel-corrupt", { kernel: this.options.kernel, why }, { cause, inGuest: true }),
		);
	}

	private read(chunk: Buffer): void {
		if (this.lostWith) return;
		this.traffic.received += chunk.length;
		try {
			for (const frame of this.decoder.push(chunk)) {
				if (!frame.nonce.equals(this.nonce)) throw new FrameError("a frame with a wrong nonce");
				const envelope = decodePayload(frame.payload);
				const violation = envelopes.violation(envelope);
				if (violation) throw new FrameError(`${violation.pointer} ${violation.reason}`);
				this.accept(envelope as Static<typeof Envelope>);
			}
		} catch (error) {
			this.corrupt(error);
		}
	}

	private accept(envelope: Static<typeof Envelope>): void {
		const waiting = this.pending[0];
		if (waiting?.id !== envelope.id)
			throw new FrameError(`an answer to request ${envelope.id}, which is not pending`);
		if (envelope.progress !== undefined) {
			if (envelope.progress > waiting.progress) this.watchdog.progress();
			waiting.progress = Math.max(waiting.progress, envelope.progress);
		} else if (envelope.err && waiting.op !== "ready") {
			this.settle();
			waiting.reject(new GuestError(waiting.op, envelope.err));
		} else {
			const expected = waiting.op === "ready" ? readiness : resultValidator(waiting.op);
			const violation = expected.violation(envelope.ok);
			if (violation) throw new FrameError(`${waiting.op}: ${violation.pointer} ${violation.reason}`);
			this.settle();
			waiting.resolve(envelope.ok);
		}
	}

	private settle(): void {
		this.pending.shift();
		if (this.pending.length > 0) this.watchdog.start();
		else this.watchdog.stop();
	}
}
