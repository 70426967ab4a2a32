// SPDX-License-Identifier: Apache-2.0

/** Tags of X.690 that CMS and X.509 use. */
export const tag = {
	boolean: 0x01,
	integer: 0x02,
	bitString: 0x03,
	octetString: 0x04,
	null: 0x05,
	oid: 0x06,
	sequence: 0x30,
	set: 0x31,
	/** Context-specific `[n]`: as it is (IMPLICIT, primitive), and around what is inside. */
	primitive: (n: number) => 0x80 | n,
	constructed: (n: number) => 0xa0 | n,
} as const;

/** A value in DER (X.690): its tag, what it holds, and all of its bytes. */
export interface Der {
	tag: number;
	content: Uint8Array;
	bytes: Uint8Array;
}

/** What is wrong with bytes that should be DER. */
export class NotDer extends Error {
	override name = "NotDer";
}

export function der(tag: number, ...content: Uint8Array[]): Uint8Array {
	const length = content.reduce((sum, part) => sum + part.length, 0);
	return new Uint8Array(Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), ...content]));
}

function lengthBytes(length: number): number[] {
	if (length < 0x80) return [length];
	const bytes: number[] = [];
	for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
	return [0x80 | bytes.length, ...bytes];
}

/** Writes an object identifier, given as `1.2.840`. */
export function oid(dotted: string): Uint8Array {
	const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
	const bytes = [first * 40 + second, ...rest].flatMap((number) => {
		const digits = [number & 0x7f];
		for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
		return digits;
	});
	return der(tag.oid, Uint8Array.from(bytes));
}

/** Reads the one value that the bytes hold. @throws NotDer when they are more or less */
export function readDer(bytes: Uint8Array): Der {
	const [value, ...others] = readAll(bytes);
	if (!value || others.length > 0) throw new NotDer("is not one DER value");
	return value;
}

/** Reads the values that stand one after the other in a sequence or set. @throws NotDer */
export function readAll(bytes: Uint8Array): Der[] {
	const values: Der[] = [];
	for (let at = 0; at < bytes.length; ) {
		const value = readAt(bytes, at);
		values.push(value);
		at += value.bytes.length;
	}
	return values;
}

function readAt(bytes: Uint8Array, at: number): Der {
	const first = bytes[at + 1];
	// Tags above 30 and lengths that are not told are in no certificate and no signature.
	if (first === undefined || (bytes[at]! & 0x1f) === 0x1f || first === 0x80) throw new NotDer("is not DER");
	const long = first < 0x80 ? 0 : first & 0x7f;
	if (long > 4) throw new NotDer("is not DER");
	let length = long === 0 ? first : 0;
	for (let digit = 0; digit < long; digit++) length = length * 256 + (bytes[at + 2 + digit] ?? 0);
	if (long > 0 && (length < 0x80 || length < 256 ** (long - 1))) throw new NotDer("is not DER");
	const start = at + 2 + long;
	if (start + length > bytes.length) throw new NotDer("ends too early");
	return {
		tag: bytes[at]!,
		content: bytes.subarray(start, start + length),
		bytes: bytes.subarray(at, start + length),
	};
}

/** What a value of this tag holds. @throws NotDer when it is not there or is another */
export function contentOf(value: Der | undefined, wanted: number): Uint8Array {
	if (value?.tag !== wanted) throw new NotDer("is not of the expected form");
	return value.content;
}

/** An object identifier as `1.2.840`. @throws NotDer also where it could be written shorter */
export function readOid(value: Der | undefined): string {
	const numbers: number[] = [];
	let number = 0;
	let started = false;
	for (const byte of contentOf(value, tag.oid)) {
		// X.690, 8.19.2: no leading zeros.
		if (!started && byte === 0x80) throw new NotDer("is not DER");
		number = number * 128 + (byte & 0x7f);
		if (!Number.isSafeInteger(number)) throw new NotDer("holds a number of more than 53 bits");
		started = (byte & 0x80) !== 0;
		if (started) continue;
		numbers.push(number);
		number = 0;
	}
	const [first, ...rest] = numbers;
	if (first === undefined || started) throw new NotDer("is not an object identifier");
	const root = Math.min(Math.floor(first / 40), 2);
	return [root, first - root * 40, ...rest].join(".");
}
