// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { StructBytes, StructView } from "./struct.js";

it.each([true, false])("a struct is read back as it was written (little endian: %s)", (littleEndian) => {
	const struct = new StructBytes(32).u8(0, 1).u16(2, 0x0203).u32(4, 4).s32(8, -5).u64(16, 6n).text(24, "abc");
	const bytes = struct.flags(4, 1 << 16).bytes(littleEndian);
	const view = new StructView(bytes, littleEndian);
	expect([view.u8(0), view.u32(4), view.s32(8), view.u64(16)]).toEqual([1, 4 | (1 << 16), -5, 6n]);
	expect([...bytes.subarray(2, 4)]).toEqual(littleEndian ? [3, 2] : [2, 3]);
	expect(Buffer.from(bytes.subarray(24)).toString("latin1")).toBe("abc\0\0\0\0\0");
});
