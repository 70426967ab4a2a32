// SPDX-License-Identifier: Apache-2.0
import { type TUnsafe, Type } from "@sinclair/typebox";

/**
 * A byte string of at most `maxBytes` bytes: MessagePack `bin` on the channel,
 * `Uint8Array` here. Never valid in a JSON file.
 */
export function Bytes(maxBytes?: number): TUnsafe<Uint8Array> {
	return Type.Unsafe<Uint8Array>({ bytes: true, ...(maxBytes === undefined ? {} : { maxBytes }) });
}
