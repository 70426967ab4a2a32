// SPDX-License-Identifier: Apache-2.0
import { Bench } from "tinybench";
import { openPackage } from "../data/package/package.js";
import { encodeFrame, FrameDecoder, nonceBytes } from "../machine/guest/frame.js";
import { type Figure, rounded } from "./figure.js";

const frameBytes = 64 * 1024;

/** Work of the host for each package and each answer, without a guest. */
export async function hostFigures(path: string): Promise<Figure[]> {
	const nonce = new Uint8Array(nonceBytes);
	const frame = encodeFrame(nonce, new Uint8Array(frameBytes));
	const bench = new Bench({ time: 500 });
	bench.add("host/open-package", () => openPackage(path));
	bench.add("host/decode-frame", () => {
		if (Array.from(new FrameDecoder().push(frame)).length !== 1) throw new Error("the frame was not decoded");
	});
	await bench.run();
	return bench.tasks.map(({ name, result }) => {
		if (!("latency" in result)) throw new Error(`${name} was not measured`);
		return {
			name,
			value: rounded(result.latency.p50),
			unit: "ms",
			against: "",
			ratio: 0,
			how: `median of ${result.latency.samplesCount} by tinybench${name.includes("frame") ? `, ${frameBytes} bytes a frame` : `, ${path}`}`,
		};
	});
}
