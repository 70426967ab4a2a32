// SPDX-License-Identifier: Apache-2.0
import { undecided } from "../../../data/reasons/registry/registry.js";
import { type SocketName, socketMaps } from "../../../data/vectors/reference.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import { type GuestClient, GuestError } from "../../../machine/guest/client.js";

/** Sockets of the guest that vectors put into maps, each opened once. */
export class Sockets {
	readonly #open = new Map<string, { handle: number; cookie: number }>();

	constructor(private readonly client: GuestClient) {}

	/** Opens the sockets that the vectors name. @throws UndecidedError when one cannot be opened */
	async prepare(vectors: readonly Pick<PreparedVector, "before">[]): Promise<void> {
		const fills = vectors.flatMap(({ before }) => before.filter(({ model }) => socketMaps.has(model.type)));
		const entries = fills.flatMap((fill) => fill.entries);
		for (const { value } of entries) {
			if (value?.kind !== "socket" || this.#open.has(value.socket.text)) continue;
			const { protocol, address, port, text } = value.socket;
			try {
				this.#open.set(text, await this.client.call("socket_open", { protocol, address, port }));
			} catch (error) {
				if (!(error instanceof GuestError)) throw error;
				throw undecided("socket-not-opened", { socket: text, errno: error.errnoName }, { cause: error });
			}
		}
	}

	/** The agent's handle of an open socket. */
	handleOf({ text }: SocketName): number {
		const socket = this.#open.get(text);
		if (!socket) throw new Error(`${text} is not open`);
		return socket.handle;
	}

	/** Names of sockets by the cookie that contexts have. */
	get names(): ReadonlyMap<number, string> {
		return new Map([...this.#open].map(([text, { cookie }]) => [cookie, text]));
	}

	async close(): Promise<void> {
		for (const { handle } of this.#open.values()) await this.client.call("close", { handle });
		this.#open.clear();
	}
}
