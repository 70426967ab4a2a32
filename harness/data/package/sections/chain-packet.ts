// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { build } from "../../packet/build.js";
import { fromHex } from "../../packet/bytes.js";
import { hasMarker, type NumberedPacket, numberWindow, withNumber } from "../../packet/numbered.js";
import type { ChainPacket, ReferencePlace } from "./chain.js";

const ethernetHeader = 14;
/** As Ethernet's: veth and netkit devices have it unless told otherwise. */
const mtu = 1500;

/** A packet of a chain with its number in it. @throws InputError when it cannot be made or sent */
export function chainPacketFrame(
	{ packet }: ChainPacket,
	number: number,
	{ file, pointer }: ReferencePlace,
): NumberedPacket {
	const at = `${pointer}/packet`;
	const fail = (reason: string) => new InputError(file, at, reason);
	const { layers, hex } = packet;
	if ((layers === undefined) === (hex === undefined)) throw fail("must have exactly one of layers and hex");
	const bytes = layers
		? build(layers, { file, pointer: `${at}/layers` })
		: (fromHex(hex ?? "") ?? new Uint8Array());
	const first = layers && Object.keys(layers[0] ?? {})[0];
	if (first !== undefined && first !== "payload" && first !== "eth")
		throw fail(`begins with ${first}; packets of a chain begin with eth`);
	if (bytes.length < ethernetHeader)
		throw fail(`has ${bytes.length} bytes, less than the ${ethernetHeader} of an Ethernet header`);
	const most = mtu + ethernetHeader;
	if (bytes.length > most) throw fail(`has ${bytes.length} bytes, more than the ${most} that a device takes`);
	if (hasMarker(bytes)) throw fail("has bytes in it with which bpfgate numbers its packets");
	const numbered = withNumber(bytes, number);
	if (!numbered)
		throw fail(
			`has ${bytes.length} bytes, and no payload among the first ${numberWindow} whose end could be its number`,
		);
	return numbered;
}
