// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../../guest/client.js";
import type { SocketName } from "../../vectors/reference.js";
import type { PreparedVector } from "../../vectors/suite.js";

/** Sockets of the guest that vectors put into maps, each opened once. */
export class Sockets {
	readonly #open = new Map<string, { handle: number; cookie: number }>();

	constructor(private readonly client: GuestClient) {}

	/** Opens those that the vectors name. @throws GuestError as socket(2), bind(2) and listen(2) */
	async prepare(vectors: readonly PreparedVector[]): Promise<void> {
		const entries = vectors.flatMap(({ before }) => before.flatMap((fill) => fill.entries));
		for (const { value } of entries) {
			if (value?.kind !== "socket" || this.#open.has(value.socket.text)) continue;
			const { protocol, address, port, text } = value.socket;
			this.#open.set(text, await this.client.call("socket_open", { protocol, address, port }));
		}
	}

	/** What the agent calls a socket that was opened. */
	handleOf({ text }: SocketName): number {
		const socket = this.#open.get(text);
		if (!socket) throw new Error(`${text} is not open`);
		return socket.handle;
	}

	/** Names by cookie, as contexts have it. */
	get names(): ReadonlyMap<number, string> {
		return new Map([...this.#open].map(([text, { cookie }]) => [cookie, text]));
	}

	async close(): Promise<void> {
		for (const { handle } of this.#open.values()) await this.client.call("close", { handle });
		this.#open.clear();
	}
}
