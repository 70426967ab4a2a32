// SPDX-License-Identifier: Apache-2.0

/** Keyrings that a gatekeeper may admit signatures of. */
export const keyrings = ["builtin", "secondary", "platform", "user"] as const;
export type Keyring = (typeof keyrings)[number];

/** What a gatekeeper is told before it is loaded; each heeds its own. */
export interface Settings {
	keyrings?: readonly Keyring[];
	/** Serial numbers of user keys and keyrings, at most eight. */
	serials?: readonly number[];
	/** Thread group id of the process that alone may load. */
	trustedTgid?: number;
	/** Key or keyring against which signatures of executables are verified. */
	trustedKeyring?: number;
	/** Device number of the bpffs with the pins: major and minor. */
	pins?: { major: number; minor: number };
}

const maxSerials = 8;

/** Where each stands in those bytes. */
export const offsets = {
	pins: 0,
	keyrings: 4,
	serials: 8,
	trustedTgid: 8 + 4 * maxSerials,
	trustedKeyring: 12 + 4 * maxSerials,
} as const;

/** The bytes of `settings` in bpf/self.h. */
export function encodeSettings(settings: Settings, littleEndian: boolean): Uint8Array {
	const bytes = new Uint8Array(offsets.trustedKeyring + 4);
	const view = new DataView(bytes.buffer);
	const { pins, serials = [] } = settings;
	if (serials.length > maxSerials) throw new Error(`a gatekeeper heeds ${maxSerials} serial numbers`);
	const admitted = (settings.keyrings ?? []).map((name) => 1 << keyrings.indexOf(name));
	view.setUint32(offsets.pins, pins ? pins.major * 2 ** 20 + pins.minor : 0, littleEndian);
	const bits = admitted.reduce((all, bit) => all | bit, 0);
	view.setUint32(offsets.keyrings, bits, littleEndian);
	for (const [index, serial] of serials.entries())
		view.setInt32(offsets.serials + 4 * index, serial, littleEndian);
	view.setUint32(offsets.trustedTgid, settings.trustedTgid ?? 0, littleEndian);
	view.setInt32(offsets.trustedKeyring, settings.trustedKeyring ?? 0, littleEndian);
	return bytes;
}
