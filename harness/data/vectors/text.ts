// SPDX-License-Identifier: Apache-2.0
import {
	boolCoreTag,
	EVENT_ID,
	type Event,
	floatCoreTag,
	getScalarValue,
	intCoreTag,
	NOT_RESOLVED,
	nullCoreTag,
	parseEvents,
	SCALAR_STYLE,
	type ScalarEvent,
	YAMLException,
} from "js-yaml";
import { InputError } from "../../base/errors.js";

/** Limits of one file; a map of 65,537 entries, structs as keys, has a million values. */
const maxBytes = 16 * 1024 * 1024;
const maxNesting = 64;
/** Keys and values, those behind an alias counted again: a few anchors grow without bound. */
const maxValues = 1_000_000;

/** What a JSON or YAML file says, and on which line. */
export interface Text {
	value: unknown;
	/** Line of what a JSON pointer names, or of the nearest thing around it; the first is 1. */
	lineOf(pointer: string): number;
}

/**
 * Reads JSON or YAML 1.2 (core schema) in time and memory in proportion to its size.
 * @param file what the user calls it; `.json` is JSON
 * @throws InputError with `file:line` for what is no such text, has a key twice, is too large,
 * nests too deeply or contains itself
 */
export function parseText(file: string, bytes: Uint8Array): Text {
	if (bytes.length > maxBytes)
		throw new InputError(file, "", `has ${bytes.length} bytes, more than the ${maxBytes} that are read`);
	const text = decoded(file, bytes);
	const lines = lineStarts(text);
	const fail: Fail = (offset, reason) => new InputError(`${file}:${lineAt(lines, offset)}`, "", reason);
	checkSize(text, fail);
	const format = file.endsWith(".json") ? "JSON" : "YAML";
	if (format === "JSON") checkJson(text, fail);
	const document = new Document(text, eventsOf(text, format, fail), format, fail);
	if (document.events.length === 0) throw new InputError(file, "", "is empty");
	return {
		value: document.value(),
		lineOf: (pointer) => lineAt(lines, document.offsetOf(pointer)),
	};
}

type Fail = (offset: number, reason: string) => InputError;

function decoded(file: string, bytes: Uint8Array): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(file, "", "is not UTF-8 text", { cause });
	}
}

/** Behind each of these a value may begin; all others cost the parser nothing. */
const separator = /[,[{]|[-:?](?=\s)|"\s*:/g;

/** Before the parser makes an object for each value. */
function checkSize(text: string, fail: Fail): void {
	let count = 0;
	for (separator.lastIndex = 0; separator.test(text); )
		if (++count > maxValues)
			throw fail(
				separator.lastIndex,
				`has more than ${maxValues} separators (commas, colons, dashes, brackets)`,
			);
}

function checkJson(text: string, fail: Fail): void {
	try {
		JSON.parse(text);
	} catch (error) {
		const offset = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
		throw fail(offset === undefined ? text.length : Number(offset), "is not JSON");
	}
}

function eventsOf(text: string, format: string, fail: Fail): Event[] {
	try {
		return parseEvents(text, { maxDepth: maxNesting + 1 });
	} catch (error) {
		if (!(error instanceof YAMLException)) throw error;
		const deep = error.reason.startsWith("nesting exceeded");
		const reason = deep ? `nests deeper than ${maxNesting} levels` : `is not ${format}: ${error.reason}`;
		throw fail(error.mark?.position ?? 0, reason);
	}
}

/** An anchor's value; unknown while what it names is still open. */
interface Anchored {
	at: number;
	value?: unknown;
	/** Values in it, with itself. */
	size?: number;
}

const plainTags = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];
const tagsByName: Readonly<Record<string, (typeof plainTags)[number] | "text">> = {
	"!": "text",
	"!!str": "text",
	"!!null": nullCoreTag,
	"!!bool": boolCoreTag,
	"!!int": intCoreTag,
	"!!float": floatCoreTag,
};

/** A document in the order of its text, as the parser's events. */
class Document {
	/** By event: the one behind the value that begins there. */
	readonly #next: Uint32Array;
	/** By event of an alias: that of what it stands for. */
	readonly #targets = new Map<number, number>();
	readonly #anchors = new Map<string, Anchored>();
	/** By event of a collection that `offsetOf` went through: events of its members. */
	readonly #members = new Map<number, Map<string, { key: number; value: number }>>();
	#at = 0;
	#size = 0;
	/** Where the value read last begins. */
	#last = 0;

	constructor(
		readonly text: string,
		readonly events: readonly Event[],
		readonly format: string,
		readonly fail: Fail,
	) {
		this.#next = new Uint32Array(events.length + 1);
	}

	/** Builds what the only document of the text says; later calls are not possible. */
	value(): unknown {
		this.#at = 1;
		const value = this.#read(0);
		if (this.events[this.#at + 1]) {
			const marker = this.text.indexOf("\n---", this.#last);
			throw this.fail(marker + 1, `is not ${this.format}: a second document begins`);
		}
		return value;
	}

	/** Where the deepest value on the way to a pointer begins; for a map's member, its key. */
	offsetOf(pointer: string): number {
		let at = 1;
		let offset = 0;
		for (const part of pointer.split("/").slice(1)) {
			at = this.#targets.get(at) ?? at;
			const member = this.#membersOf(at).get(part.replaceAll("~1", "/").replaceAll("~0", "~"));
			if (!member) return offset;
			offset = this.#offset(member.key, offset);
			at = member.value;
		}
		return offset;
	}

	#membersOf(at: number): Map<string, { key: number; value: number }> {
		let members = this.#members.get(at);
		if (members) return members;
		members = new Map();
		const { type } = this.events[at]!;
		if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING)
			for (let key = at + 1, count = 0; this.events[key]!.type !== EVENT_ID.POP; count++) {
				const name = type === EVENT_ID.MAPPING ? this.#key(key) : String(count);
				const value = type === EVENT_ID.MAPPING ? this.#next[key]! : key;
				members.set(name, { key, value });
				key = this.#next[value]!;
			}
		this.#members.set(at, members);
		return members;
	}

	/** The value that begins at the current event; moves behind it. */
	#read(around: number): unknown {
		const at = this.#at;
		const event = this.events[at]!;
		const start = this.#offset(at, around);
		this.#last = start;
		const before = this.#size;
		if (++this.#size > maxValues) throw this.#tooMany(start);
		const anchored = this.#anchored(event, at);
		const value = this.#content(event, start);
		this.#next[at] = this.#at;
		if (anchored) Object.assign(anchored, { value, size: this.#size - before });
		return value;
	}

	#tooMany(start: number): InputError {
		const what = this.#targets.size > 0 ? "its aliases make" : "has";
		return this.fail(start, `${what} more than ${maxValues} values`);
	}

	#content(event: Event, start: number): unknown {
		const at = this.#at++;
		switch (event.type) {
			case EVENT_ID.SCALAR:
				return this.#scalar(event, start);
			case EVENT_ID.ALIAS:
				return this.#alias(at, start);
			case EVENT_ID.SEQUENCE: {
				this.#checkTag(event, "!!seq", start);
				const list: unknown[] = [];
				while (this.events[this.#at]!.type !== EVENT_ID.POP) list.push(this.#read(start));
				this.#at++;
				return list;
			}
			case EVENT_ID.MAPPING: {
				this.#checkTag(event, "!!map", start);
				const map = {};
				while (this.events[this.#at]!.type !== EVENT_ID.POP) this.#readMember(map, start);
				this.#at++;
				return map;
			}
			default:
				throw this.fail(start, `is not ${this.format}`);
		}
	}

	#readMember(map: object, around: number): void {
		const at = this.#at;
		const offset = this.#offset(at, around);
		const event = this.events[at]!;
		const key = this.#key(at);
		if (event.type !== EVENT_ID.SCALAR)
			throw this.fail(offset, `is not ${this.format} that is read here: a key must be text`);
		if (Object.hasOwn(map, key)) throw this.fail(offset, `the key ${JSON.stringify(key)} is there twice`);
		this.#read(around);
		const value = this.#read(offset);
		// An assignment to __proto__ would set no key.
		if (key === "__proto__")
			Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
		else (map as Record<string, unknown>)[key] = value;
	}

	/** Keys are text, whatever they look like: `0x10` stays that. */
	#key(at: number): string {
		const event = this.events[at]!;
		return event.type === EVENT_ID.SCALAR ? getScalarValue(this.text, event) : "";
	}

	#scalar(event: ScalarEvent, start: number): unknown {
		const text = getScalarValue(this.text, event);
		const name = this.#tag(event);
		if (name === "") {
			if (event.style !== SCALAR_STYLE.PLAIN) return text;
			for (const tag of plainTags) {
				const value = tag.resolve(text, false, tag.tagName);
				if (value !== NOT_RESOLVED) return value;
			}
			return text;
		}
		const tag = Object.hasOwn(tagsByName, name) ? tagsByName[name]! : undefined;
		if (tag === "text") return text;
		const value = tag ? tag.resolve(text, true, tag.tagName) : NOT_RESOLVED;
		if (value === NOT_RESOLVED) throw this.fail(start, `the tag ${name} does not suit this value`);
		return value;
	}

	#alias(at: number, start: number): unknown {
		const event = this.events[at]!;
		const name = event.type === EVENT_ID.ALIAS ? this.text.slice(event.anchorStart, event.anchorEnd) : "";
		const target = this.#anchors.get(name);
		if (!target) throw this.fail(start, `there is no anchor ${JSON.stringify(name)} before this alias`);
		if (target.size === undefined)
			throw this.fail(start, `the alias *${name} stands inside of what it names`);
		this.#size += target.size - 1;
		if (this.#size > maxValues) throw this.#tooMany(start);
		this.#targets.set(at, target.at);
		return target.value;
	}

	#anchored(event: Event, at: number): Anchored | undefined {
		if (!("anchorStart" in event) || event.type === EVENT_ID.ALIAS || event.anchorStart < 0) return undefined;
		const anchored: Anchored = { at };
		this.#anchors.set(this.text.slice(event.anchorStart, event.anchorEnd), anchored);
		return anchored;
	}

	#checkTag(event: Event, allowed: string, start: number): void {
		const name = this.#tag(event);
		if (name !== "" && name !== allowed && name !== "!")
			throw this.fail(start, `the tag ${name} does not suit this value`);
	}

	#tag(event: Event): string {
		return "tagStart" in event && event.tagStart >= 0 ? this.text.slice(event.tagStart, event.tagEnd) : "";
	}

	/** Where the value of an event begins; `around` for one without a place of its own. */
	#offset(at: number, around: number): number {
		const event = this.events[at];
		if (!event) return around;
		const offset = "valueStart" in event ? event.valueStart : "start" in event ? event.start : -1;
		if (offset >= 0) return offset;
		return "anchorStart" in event && event.anchorStart >= 0 ? event.anchorStart : around;
	}
}

function lineStarts(text: string): Uint32Array {
	const starts = [0];
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
	return Uint32Array.from(starts);
}

/** The number of the line that has this offset. */
function lineAt(starts: Uint32Array, offset: number): number {
	let low = 0;
	for (let high = starts.length; low + 1 < high; ) {
		const middle = (low + high) >> 1;
		if (starts[middle]! <= offset) low = middle;
		else high = middle;
	}
	return low + 1;
}
