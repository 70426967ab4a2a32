// SPDX-License-Identifier: Apache-2.0

/** Writes numbers in either byte order, as capture files of other machines have them. */
export class Words {
	constructor(readonly littleEndian: boolean) {}

	u16(...values: readonly number[]): Uint8Array {
		const bytes = new Uint8Array(values.length * 2);
		for (const [index, value] of values.entries())
			new DataView(bytes.buffer).setUint16(index * 2, value, this.littleEndian);
		return bytes;
	}

	u32(...values: readonly number[]): Uint8Array {
		const bytes = new Uint8Array(values.length * 4);
		for (const [index, value] of values.entries())
			new DataView(bytes.buffer).setUint32(index * 4, value, this.littleEndian);
		return bytes;
	}

	/** A block of pcapng, its body padded. */
	block(type: number, ...body: readonly Uint8Array[]): Uint8Array {
		const whole = Buffer.concat(body);
		const size = 12 + Math.ceil(whole.length / 4) * 4;
		const padding = new Uint8Array(size - 12 - whole.length);
		return Buffer.concat([this.u32(type, size), whole, padding, this.u32(size)]);
	}

	section(...options: readonly Uint8Array[]): Uint8Array {
		return this.block(
			0x0a0d0d0a,
			this.u32(0x1a2b3c4d),
			this.u16(1, 0),
			this.u32(0xffffffff, 0xffffffff),
			...options,
		);
	}

	interface(linkType: number, snaplen: number, ...options: readonly Uint8Array[]): Uint8Array {
		return this.block(1, this.u16(linkType, 0), this.u32(snaplen), ...options);
	}

	option(code: number, value: Uint8Array): Uint8Array {
		const padding = new Uint8Array((4 - (value.length % 4)) % 4);
		return Buffer.concat([this.u16(code, value.length), value, padding]);
	}

	/** A file header of pcap, and its records. */
	pcap(magic: number, linkType: number, ...records: readonly Uint8Array[]): Uint8Array {
		return Buffer.concat([this.u32(magic), this.u16(2, 4), this.u32(0, 0, 65535, linkType), ...records]);
	}

	record(seconds: number, fraction: number, bytes: Uint8Array, length = bytes.length): Uint8Array {
		return Buffer.concat([this.u32(seconds, fraction, bytes.length, length), bytes]);
	}
}
