// SPDX-License-Identifier: Apache-2.0
import {
	explainAttach,
	explainLoad,
	explainMap,
	explainOpen,
	verifierStatistics,
} from "../../data/reasons/explain.js";
import { lastLines } from "../../data/reasons/log.js";
import { filesOf } from "./seeds.js";
import type { FuzzTarget } from "./target.js";

const kernel = { id: "x", release: "x" };
const program = { name: "p", section: "xdp", type: "xdp" };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Logs refuse nothing: whatever they say, there is a reason, and it is one line. */
function mustBeOneLine({ reason }: ReturnType<typeof explainLoad>): void {
	if (/\p{Cc}/u.test(reason.message)) throw new Error(`not one line: ${JSON.stringify(reason.message)}`);
}

const verifierLog: FuzzTarget = {
	name: "verifier-log",
	words: [
		"\n",
		"R1 ",
		" type=",
		" @ x.c:1",
		"; ",
		"processed 1 insns",
		"Verification failed: A: B\n",
		"At:\n",
	],
	seeds: () => filesOf("harness/data/reasons/testdata", /verifier\.log$/),
	read(bytes) {
		const log = text(bytes);
		mustBeOneLine(explainLoad({ kernel, program, errno: 22, verifierLog: log, libbpfLog: "" }));
		verifierStatistics(log);
		lastLines(log, 20);
	},
};

const libbpfLog: FuzzTarget = {
	name: "libbpf-log",
	words: ["libbpf: ", "prog 'p': ", "map 'm': ", "elf: ", "failed to ", "\n", "-22", "relo #0: "],
	seeds: () => filesOf("harness/data/reasons/testdata", /libbpf\.log$/),
	read(bytes) {
		const log = text(bytes);
		mustBeOneLine(explainLoad({ kernel, program, errno: 22, verifierLog: "", libbpfLog: log }));
		mustBeOneLine(explainAttach({ kernel, program, hook: "xdp", errno: 22, libbpfLog: log }));
		mustBeOneLine(explainMap({ kernel, map: { name: "m", type: "hash" }, errno: 22, libbpfLog: log }));
		mustBeOneLine(explainOpen({ object: "o", errno: 22, libbpfLog: log }));
	},
};

export const reasonTargets = [verifierLog, libbpfLog];
