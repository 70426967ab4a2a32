// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { assemble, returns } from "../../base/insn.js";
import { StructBytes } from "../../base/struct.js";
import { BpfAttr } from "./bpf-attr.js";

it.each([true, false])(
	"attributes, memory and descriptors in one byte order (little endian: %s)",
	(little) => {
		const attr = new BpfAttr(64)
			.fd(0, { handle: 3, program: "p" })
			.u32(4, 2)
			.pointer(8, returns(0))
			.fds(16, [-1, { handle: 4 }])
			.pointer(24, new StructBytes(8).u32(0, 9), true)
			.pointerIn(2, 4, new Uint8Array(5));
		expect(attr.encoded(little)).toEqual({
			attr: new StructBytes(64).u32(4, 2).bytes(little),
			handles: [
				{ offset: 0, handle: 3, program: "p" },
				{ offset: 4, blob: 1, handle: 4 },
			],
			blobs: [
				{ offset: 8, out: false, data: assemble(returns(0), little) },
				{ offset: 16, out: false, data: new StructBytes(8).s32(0, -1).bytes(little) },
				{ offset: 24, out: true, data: new StructBytes(8).u32(0, 9).bytes(little) },
				{ offset: 4, blob: 2, out: true, data: new Uint8Array(5) },
			],
		});
	},
);
