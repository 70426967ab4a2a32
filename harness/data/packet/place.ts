// SPDX-License-Identifier: Apache-2.0

/** Where a value was read, for messages. */
export interface Place {
	/** As the user named it. */
	file: string;
	/** JSON pointer. */
	pointer: string;
}

/** The place of a member or element. */
export function within({ file, pointer }: Place, key: string | number): Place {
	return { file, pointer: `${pointer}/${key}` };
}

/** A value in a message: short, on one line. */
export function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? "nothing";
	return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
