// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writePcapng } from "../harness/data/capture/write.js";
import { build } from "../harness/data/packet/build.js";
import { captures } from "./captures.js";

/** `BPFGATE_WRITE_CAPTURES=1 npx vitest run programs/captures` writes them. */
test.each(Object.entries(captures))("%s has the frames written here", async (file, frames) => {
	const path = new URL(file, import.meta.url);
	const bytes = writePcapng(
		frames.map(({ comment, layers }) => ({ bytes: build(layers), comments: [comment] })),
	);
	if (process.env.BPFGATE_WRITE_CAPTURES === "1") await writeFile(path, bytes);
	expect(Buffer.from(await readFile(path)).equals(bytes)).toBe(true);
});
