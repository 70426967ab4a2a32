// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../base/errors.js";
import { interruptible } from "../../base/interruptible.js";
import { validator } from "../../base/validate.js";
import { wildcard } from "../package/manifest/wildcard.js";
import type { Package, PackageFile } from "../package/package.js";
import { isCapture } from "./captured.js";
import { Effort, TooManyVectors } from "./effort.js";
import { type Expected, prepareExpectation } from "./expectation.js";
import { type FilledMap, filledMap } from "./filled-map.js";
import { type FrameStep, framesOfStep, mergeExpected } from "./frames.js";
import { type PreparedInput, prepareInput } from "./input.js";
import { type Expectation, type ExpectedPacket, type Step, type Vector, VectorFile } from "./schema.js";
import { type Around, type Subject, subjectOf } from "./subject.js";
import { parseText, type Text } from "./text.js";

const files = validator(VectorFile);
/** Most errors of one file that are told. */
const maxErrors = 20;
/** Most packets of one sequence, with all that `frames` stands for. */
const maxPackets = 10_000;

/** All vectors of a package, checked against its objects. */
export interface Suite {
	vectors: PreparedVector[];
	/** Wrong vector files as cases name them, with the errors; `vectors` has none of theirs. */
	invalid: { stem: string; errors: InputError[] }[];
}

export interface PreparedVector {
	/** `<file without suffix>/<name>`, with `frames` also `/<frame>` */
	case: string;
	/** Where it was written: `vectors/filter.yaml:12`. */
	place: string;
	subject: Subject;
	before: FilledMap[];
	/** One packet, or several of a sequence. */
	steps: PreparedStep[];
	isSequence: boolean;
	cpu?: number;
	/** Of a sequence: what is there after its last packet. */
	after?: Expected;
	/** Whether a fact may differ from run to run. */
	isVolatile(fact: string): boolean;
	written: { defaults: VectorFile; vector: Vector };
}

export interface PreparedStep extends PreparedInput {
	repeat: number;
	/** Number in the capture that the packet is from. */
	frame?: number;
	/** JSON pointers of the step, and of the expectation in its `each` for this frame. */
	written?: { pointer: string; each?: string };
	expected: Expected;
	/** What `expected.packet` compares with. */
	expectedPacket?: ExpectedPacket;
}

const suites = new WeakMap<Package, Suite>();

/** Reads and checks a package's vector files, once. Errors are in the suite, not thrown. */
export function suiteOf(pkg: Package): Suite {
	let suite = suites.get(pkg);
	if (!suite) {
		suite = interruptible(() => readSuite(pkg));
		suites.set(pkg, suite);
	}
	return suite;
}

function readSuite(pkg: Package): Suite {
	const suite: Suite = { vectors: [], invalid: [] };
	const stems = new Map<string, string>();
	const effort = new Effort();
	for (const file of pkg.vectors.filter((candidate) => !isCapture(candidate))) {
		const stem = file.file.replace(/^.*\//, "").replace(/\.[a-z]+$/, "");
		const twin = stems.get(stem);
		const errors: InputError[] = [];
		if (twin !== undefined)
			errors.push(new InputError(file.display, "", `its cases would be called as those of ${twin}`));
		stems.set(stem, file.display);
		const vectors = twin === undefined ? readFile(pkg, file, stem, errors, effort) : [];
		if (errors.length > 0) suite.invalid.push({ stem, errors });
		else for (const vector of vectors) suite.vectors.push(vector);
		if (errors.some((error) => error instanceof TooManyVectors)) break;
	}
	return suite;
}

function readFile(
	pkg: Package,
	file: PackageFile,
	stem: string,
	errors: InputError[],
	effort: Effort,
): PreparedVector[] {
	let text: Text;
	try {
		text = parseText(file.display, file.bytes);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		errors.push(error);
		return [];
	}
	const attempt = <T>(work: () => T): T | undefined => {
		try {
			return work();
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			const found = located(error, file, text);
			// What stands at the top of the file is wrong for each of its vectors.
			const isKnown = errors.some(({ message }) => message === found.message);
			if (!isKnown && errors.length < maxErrors) errors.push(found);
			return undefined;
		}
	};
	const value = attempt(() => files.checked(text.value, file.display));
	if (!value) return [];
	const names = new Map<string, number>();
	const around: Around = { pkg, file, defaults: value, sharedMaps: new Map() };
	const prepared: PreparedVector[] = [];
	for (const [index, vector] of value.vectors.entries()) {
		const pointer = `/vectors/${index}`;
		const found = attempt(() => {
			const twin = names.get(vector.name);
			if (twin !== undefined)
				throw new InputError(file.display, `${pointer}/name`, `is the name of /vectors/${twin} already`);
			names.set(vector.name, index);
			const place = `${file.display}:${text.lineOf(pointer)}`;
			const cases = framesOfVector(around, vector, pointer);
			countEffort(effort, around, vector, cases, pointer);
			return prepare(around, vector, cases, pointer, `${stem}/${vector.name}`, place);
		});
		for (const each of found ?? []) prepared.push(each);
		if (errors.length >= maxErrors || errors.some((error) => error instanceof TooManyVectors)) break;
	}
	return prepared;
}

/** @throws TooManyVectors */
function countEffort(
	effort: Effort,
	{ pkg, file, defaults }: Around,
	vector: Vector,
	cases: readonly VectorCase[],
	pointer: string,
): void {
	const place: Place = { file: file.display, pointer };
	effort.add(
		cases.length,
		cases.reduce((sum, { steps }) => sum + steps.length, 0),
		place,
	);
	const { maps_before: _, vectors: __, ...everywhere } = defaults;
	effort.read([everywhere, vector], place);
	if (defaults.rodata ?? vector.rodata)
		for (const { elf } of pkg.objects)
			for (const { name, size } of elf.sections)
				if (name.startsWith(".rodata")) effort.constants(size, place);
	for (const { steps } of cases)
		for (const { step, each } of steps)
			effort.read([step, each?.expect, vector.context, defaults.context], place);
}

/** Adds the line to the file and pointer of an error; those of a capture stay as they are. */
function located(error: InputError, { display }: PackageFile, text: Text): InputError {
	if (error.file !== display) return error;
	const { place, reason } = error;
	const Kind = error instanceof TooManyVectors ? TooManyVectors : InputError;
	return new Kind(`${display}:${text.lineOf(place)}`, place, reason, { cause: error });
}

/** The packets of each of a vector's cases. @throws InputError */
function framesOfVector({ pkg, file }: Around, vector: Vector, pointer: string): VectorCase[] {
	const fail = (at: string, reason: string) => new InputError(file.display, `${pointer}${at}`, reason);
	const { sequence } = vector;
	if (!sequence)
		return framesOfStep(pkg, file, stepOf(vector), true, pointer).map((one) => ({
			steps: [{ ...one, at: pointer }],
			suffix: vector.packet?.frames === undefined ? "" : `/${one.frame}`,
		}));
	for (const key of ["packet", "metadata", "repeat", "each"] as const)
		if (vector[key] !== undefined) throw fail(`/${key}`, "belongs to a packet of the sequence");
	const ofPackets = Object.keys(vector.expect ?? {}).find((key) => key !== "maps_after" && key !== "events");
	if (ofPackets !== undefined)
		throw fail(
			`/expect/${ofPackets}`,
			"belongs to a packet of the sequence; only maps and events are its own",
		);
	const steps: VectorCase["steps"] = [];
	for (const [index, step] of sequence.entries()) {
		const at = `${pointer}/sequence/${index}`;
		for (const one of framesOfStep(pkg, file, step, false, at)) steps.push({ ...one, at });
		if (steps.length > maxPackets)
			throw fail(`/sequence/${index}`, `makes more than ${maxPackets} packets of the sequence`);
	}
	return [{ steps, suffix: "" }];
}

/** What a vector that is not a sequence says of its one packet. */
function stepOf({ packet, metadata, repeat, expect, each }: Vector): Step {
	return {
		...(packet === undefined ? {} : { packet }),
		...(metadata === undefined ? {} : { metadata }),
		...(repeat === undefined ? {} : { repeat }),
		...(expect === undefined ? {} : { expect }),
		...(each === undefined ? {} : { each }),
	};
}

interface VectorCase {
	/** With the pointers of the steps as they were written. */
	steps: (FrameStep & { at: string })[];
	suffix: string;
}

function prepare(
	around: Around,
	vector: Vector,
	cases: readonly VectorCase[],
	pointer: string,
	name: string,
	place: string,
): PreparedVector[] {
	const { file, defaults } = around;
	const subject = subjectOf(around, vector, pointer);
	if (vector.cpu !== undefined && !subject.type.startsWith("raw_tracepoint"))
		throw new InputError(
			file.display,
			`${pointer}/cpu`,
			`only raw tracepoint programs run on a chosen CPU, not ${subject.type}`,
		);
	const { sequence } = vector;
	const globs = [...(defaults.volatile ?? []), ...(vector.volatile ?? [])].map(wildcard);
	const common = {
		place,
		subject,
		before: mapsBefore(around, subject, vector, pointer),
		isSequence: sequence !== undefined,
		...(vector.cpu === undefined ? {} : { cpu: vector.cpu }),
		...(sequence && vector.expect
			? {
					after: prepareExpectation(subject, vector.expect, undefined, {
						file: file.display,
						pointer: `${pointer}/expect`,
					}),
				}
			: {}),
		isVolatile: (fact: string) => globs.some((matches) => matches(fact)),
		written: { defaults, vector },
	};
	return cases.map(({ steps, suffix }) => ({
		...common,
		case: `${name}${suffix}`,
		steps: steps.map((step) => prepareStep(around, vector, step, subject)),
	}));
}

function prepareStep(
	{ pkg, file, defaults }: Around,
	vector: Vector,
	{ step, frame, each, at: pointer }: VectorCase["steps"][number],
	subject: Subject,
): PreparedStep {
	const context = { ...defaults.context, ...vector.context, ...step.context };
	const given = Object.keys(context).length > 0 ? context : undefined;
	const place: Place = { file: file.display, pointer };
	const input = prepareInput(pkg, file, subject, { ...step, ...(given ? { context: given } : {}) }, place);
	const expectation = (expect: Expectation, at: string) =>
		prepareExpectation(subject, expect, input, { file: file.display, pointer: at });
	const common = expectation(step.expect ?? {}, `${pointer}/expect`);
	const expected = each ? mergeExpected(common, expectation(each.expect, each.pointer)) : common;
	const expectedPacket = each?.expect.packet ?? step.expect?.packet;
	const compared = expectedPacket === undefined ? {} : { expectedPacket };
	if (subject.type === "xdp" && (expected.context || expected.metadata) && !input.wantsContext)
		input.wantsContext = true;
	const written = { pointer, ...(each ? { each: each.pointer } : {}) };
	const repeat = step.repeat ?? 1;
	return { ...input, repeat, ...(frame === undefined ? {} : { frame }), written, expected, ...compared };
}

function mapsBefore(
	{ file, defaults, sharedMaps }: Around,
	{ object }: Subject,
	vector: Vector,
	pointer: string,
): FilledMap[] {
	const place = (at: string): Place => ({ file: file.display, pointer: at });
	const own = vector.maps_before ?? {};
	const shared = Object.entries(defaults.maps_before ?? {}).filter(([name]) => own[name] === undefined);
	return [
		// Read once for all vectors of the file that are about this object.
		...shared.map(([name, spec]) => {
			const key = `${object.file} ${name}`;
			const content = sharedMaps.get(key) ?? filledMap(object, name, spec, place(`/maps_before/${name}`));
			sharedMaps.set(key, content);
			return content;
		}),
		...Object.entries(own).map(([name, spec]) =>
			filledMap(object, name, spec, place(`${pointer}/maps_before/${name}`)),
		),
	];
}
