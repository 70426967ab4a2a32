// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** Serial number of a key or keyring, or one of KEY_SPEC_* (keySpecs of uapi/keys.ts). */
const Key = Type.Integer({ minimum: -8, maximum: 0x7fffffff });
const NewKey = t.object({ serial: Type.Integer({ minimum: 1 }) });
const OneKey = t.object({ key: Key });

export const keyOperations = {
	/**
	 * add_key(2): a key or, with type `keyring` and no payload, a keyring. A key of the same type
	 * and description in that keyring is updated or displaced. Type `asymmetric` takes a
	 * certificate (DER); its subject and serial number are the default description. EBADMSG: it
	 * cannot be parsed; ENOPKG: its algorithm is not in the kernel; EKEYREJECTED: blacklisted or
	 * not admitted by the keyring; EPERM: a restricted keyring. The agent has had its own session
	 * keyring since boot; all that it runs inherits it.
	 */
	key_add: t.operation(
		t.object({ type: t.Text, description: t.optional(t.Text), payload: t.optional(Bytes()), keyring: Key }),
		NewKey,
	),
	/** The serial number of one of KEY_SPEC_*, which is created if it does not exist. */
	key_id: t.operation(OneKey, NewKey),
	/** The kernel frees a key that is in no keyring. */
	key_unlink: t.operation(t.object({ key: Key, keyring: Key }), t.Empty),
	/** From now on every use of the key fails with EKEYREVOKED; it stays in its keyrings. */
	key_revoke: t.operation(OneKey, t.Empty),
	/** KEY_POS_* and so on of linux/keyctl.h, keyctl_setperm(3). */
	key_permit: t.operation(t.object({ key: Key, permissions: t.U32 }), t.Empty),
	/**
	 * keyctl_restrict_keyring(3): which keys may be linked from now on, none without `type`. Type
	 * `asymmetric` takes `builtin_trusted`, `key_or_keyring:<serial>[:chain]` and so on.
	 */
	key_restrict: t.operation(
		t.object({ keyring: Key, type: t.optional(t.Text), restriction: t.optional(t.Text) }),
		t.Empty,
	),
};
