// SPDX-License-Identifier: Apache-2.0

import { type EvidentBytes, PacketEvidence, type PacketStep } from "../base/packet-record.js";
import { printable } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { validator } from "../base/validate.js";
import { sectionComment } from "../data/capture/pcapng.js";
import { type CapturePacket, writePcapng } from "../data/capture/write.js";
import { fromHex } from "../data/packet/bytes.js";
import type { OutputFile } from "./output.js";

const evidence = validator(PacketEvidence);

/** The packets of a result; undefined unless it is a failure that has some. */
export function packetsOf(result: CaseResult): PacketEvidence | undefined {
	const { packets } = result.evidence;
	if (result.outcome !== "fail" || packets === undefined || !evidence.accepts(packets)) return undefined;
	return packets.steps.some(({ input, actual }) => input ?? actual) ? packets : undefined;
}

/** What the section of every capture of a run says before its path, by which it is known again. */
const mark = "bpfgate test, packets of a failed vector: ";

/** The path in a capture's section; undefined for other files. @param start of the file */
export function markedPath(start: Uint8Array): string | undefined {
	const comment = sectionComment(start);
	return comment?.startsWith(mark) ? comment.slice(mark.length) : undefined;
}

/** Most captures of one run. */
export const maxCaptures = 1000;

/** Paths of captures, `<package>/<kernel>/<case>.pcapng`, of the first `maxCaptures` failures. */
export function capturePaths(results: Results): Map<CaseResult, string> {
	const paths = new Map<CaseResult, string>();
	const taken = new Set<string>();
	for (const result of results.results) {
		if (paths.size === maxCaptures) break;
		if (!packetsOf(result)) continue;
		const parts = [result.package, result.kernel, ...result.case.split("/")].map(fileName);
		const wanted = parts.join("/");
		let path = wanted;
		// Some file systems do not distinguish `A` from `a`.
		for (let next = 2; taken.has(path.toLowerCase()); next++) path = `${wanted}-${next}`;
		taken.add(path.toLowerCase());
		paths.set(result, `${path}.pcapng`);
	}
	return paths;
}

/** The packets of failed vectors, a file for each. */
export function* captureFiles(results: Results): Iterable<OutputFile> {
	for (const [result, path] of capturePaths(results)) {
		const packets = packetsOf(result);
		if (packets) yield { path, content: captureOf(result, packets, path) };
	}
}

/** Longest part of a path, in bytes: with `.pcapng` and a temporary name below 255. */
const maxName = 128;

/** A name that every file system accepts, and that is not a path. */
function fileName(text: string): string {
	const name = text.replace(/[^A-Za-z0-9._ -]/g, "_").slice(0, maxName);
	return /^[A-Za-z0-9_]/.test(name) && !/[. ]$/.test(name) ? name : `_${name.replace(/[. ]+$/, "")}`;
}

/**
 * A failed vector's packets as pcapng: input, expected and actual output on interfaces of these
 * names.
 * @param path below the folder of captures
 */
export function captureOf(result: CaseResult, packets: PacketEvidence, path: string): Uint8Array {
	const { total, steps, after } = packets;
	const left = total - steps.length;
	const rest = [
		...after.map((text) => `after all packets: ${text}`),
		...(left > 0 ? [`${left} of ${total} packets are left out: evidence has a size limit`] : []),
	];
	const written = steps.flatMap((step, index) =>
		packetsOfStep(result, step, total, index === steps.length - 1 ? rest : []),
	);
	return writePcapng(written, `${mark}${path}`);
}

function packetsOfStep(
	{ case: name, package: owner, kernel }: CaseResult,
	step: PacketStep,
	total: number,
	rest: readonly string[],
): CapturePacket[] {
	const { link, retval, input, expected, actual, expected_from: from, mismatches } = step;
	const place = `${total > 1 ? `packet ${step.number} of ${total}` : "packet"}${step.frame === undefined ? "" : ` (frame ${step.frame})`}`;
	const head = [`${name} of ${owner} on ${kernel}, ${place}`];
	const wanted = retval.expected === undefined ? "nothing expected" : `expected ${retval.expected}`;
	const verdict = `retval ${retval.actual}, ${wanted}`;
	const packet = (side: string, bytes: EvidentBytes | undefined, ...comments: string[]): CapturePacket[] => {
		if (!bytes) return [];
		const data = fromHex(bytes.hex) ?? new Uint8Array();
		const cut = data.length < bytes.length ? [`cut: ${data.length} of ${bytes.length} bytes`] : [];
		const lines = [...head, ...comments, ...cut].map(printable);
		return [{ bytes: data, length: bytes.length, linkType: link, interface: side, comments: lines }];
	};
	const found = mismatches.length > 0 ? mismatches : ["no differences in this packet"];
	const lacking = actual && !expected ? ["the vector does not determine a whole packet"] : [];
	// What has no packet back has its verdict on the one that went in.
	const last = [verdict, ...found, ...lacking, ...rest];
	return [
		...packet("input", input, "input", ...(actual ? [verdict] : last)),
		...packet("expected", expected, `expected${from ? `, ${origins[from]}` : ""}`),
		...packet("actual", actual, "actual", ...last),
	];
}

const origins: Record<NonNullable<PacketStep["expected_from"]>, string> = {
	exact: "from the vector",
	mask: "from the vector; masked bits are those of the actual packet",
	fields: "the actual packet with the fields of the vector, lengths and checksums adjusted",
};
