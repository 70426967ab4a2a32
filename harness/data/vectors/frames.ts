// SPDX-License-Identifier: Apache-2.0

import { InputError, type Place } from "../../base/errors.js";
import { type FrameRange, maxFrames, parseSelection } from "../capture/select.js";
import type { Package, PackageFile } from "../package/package.js";
import { framesOf } from "./captured.js";
import type { Expected } from "./expectation.js";
import type { Expectation, Step } from "./schema.js";

/** A step as it was written, or one of the frames that it stands for. */
export interface FrameStep {
	/** Has no `frames` and no `each`. */
	step: Step;
	/** Number in the capture; undefined when the packet is from none. */
	frame?: number;
	/** What is expected of this frame over `step.expect`, and where that stands. */
	each?: { expect: Expectation; pointer: string };
}

/**
 * One step for each frame of `packet.frames`, in order; a step without `frames` alone.
 * @param distinct a frame's number is a case's name: none twice
 * @throws InputError
 */
export function framesOfStep(
	pkg: Package,
	file: PackageFile,
	{ each, ...step }: Step,
	distinct: boolean,
	pointer: string,
): FrameStep[] {
	const fail = (at: string, reason: string) => new InputError(file.display, `${pointer}${at}`, reason);
	const { packet } = step;
	if (packet?.frames === undefined) {
		if (each) throw fail("/each", "goes with a packet that has `frames`");
		return [{ step, ...(packet?.frame === undefined ? {} : { frame: packet.frame }) }];
	}
	const { pcap, frames, ...others } = packet;
	if (pcap === undefined)
		throw fail("/packet", "frames are those of a capture: pcap and frames belong together");
	const other = Object.keys(others)[0];
	if (other !== undefined) throw fail("/packet", `cannot have ${other} beside frames`);
	const place: Place = { file: file.display, pointer: `${pointer}/packet` };
	const ranges = parseSelection(file.display, `${place.pointer}/frames`, String(frames));
	const bounded = ranges.reduce((sum, { from, to }) => sum + (Number.isFinite(to) ? to - from + 1 : 1), 0);
	if (bounded > maxFrames) throw fail("/packet/frames", `selects more than ${maxFrames} frames`);
	const selected = framesOf(pkg, file, pcap, ranges, "frames", place).map(({ number }) => number);
	if (selected.length > maxFrames) throw fail("/packet/frames", `selects more than ${maxFrames} frames`);
	if (distinct && new Set(selected).size < selected.length)
		throw fail("/packet/frames", "selects a frame twice; each is a case of its own");
	const expectations = eachByFrame(each ?? {}, selected, file.display, `${pointer}/each`);
	return selected.map((frame) => {
		const own = expectations.get(frame);
		return { step: { ...step, packet: { pcap, frame } }, frame, ...(own ? { each: own } : {}) };
	});
}

/** `each` by frame number. @throws InputError outside of `frames`, or when two overlap */
function eachByFrame(
	each: Readonly<Record<string, Expectation>>,
	selected: readonly number[],
	file: string,
	pointer: string,
): Map<number, NonNullable<FrameStep["each"]>> {
	const known = new Set(selected);
	const last = selected.reduce((most, frame) => Math.max(most, frame), 0);
	const byFrame = new Map<number, NonNullable<FrameStep["each"]> & { selection: string }>();
	for (const [selection, expect] of Object.entries(each)) {
		const at = `${pointer}/${selection.replaceAll("~", "~0").replaceAll("/", "~1")}`;
		for (const frame of numbersOf(parseSelection(file, at, selection), last)) {
			if (!known.has(frame))
				throw new InputError(file, at, `frame ${frame} is not among the packet's frames`);
			const twin = byFrame.get(frame);
			if (twin)
				throw new InputError(
					file,
					at,
					`frame ${frame} is selected by ${JSON.stringify(twin.selection)} already`,
				);
			byFrame.set(frame, { expect, pointer: at, selection });
		}
	}
	return byFrame;
}

/** Numbers in ranges, open ones to `last`; lazy: a range may be large, its start wrong. */
function* numbersOf(ranges: readonly FrameRange[], last: number): Iterable<number> {
	for (const { from, to } of ranges) {
		const end = Number.isFinite(to) ? to : Math.max(from, last);
		for (let number = from; number <= end; number++) yield number;
	}
}

/** What all frames expect, overridden by one frame: maps, events and fields by name. */
export function mergeExpected(base: Expected, over: Expected): Expected {
	const names = new Set(over.maps.map(({ model }) => model.name));
	const events = new Set(over.events.map(({ map }) => map));
	const context = base.context || over.context ? { ...base.context, ...over.context } : undefined;
	return {
		...base,
		...over,
		...(context ? { context } : {}),
		maps: [...base.maps.filter(({ model }) => !names.has(model.name)), ...over.maps],
		events: [...base.events.filter(({ map }) => !events.has(map)), ...over.events],
	};
}
