// SPDX-License-Identifier: Apache-2.0
import { Duplex } from "node:stream";

/** Two connected streams; Node has `duplexPair` only from 22.6 on. */
export function duplexPair(): [Duplex, Duplex] {
	const ends: Duplex[] = [];
	const end = (other: number) =>
		new Duplex({
			read() {},
			write(chunk, _encoding, done) {
				ends[other]?.push(chunk);
				done();
			},
			final(done) {
				ends[other]?.push(null);
				done();
			},
		});
	ends.push(end(1), end(0));
	return [ends[0]!, ends[1]!];
}
