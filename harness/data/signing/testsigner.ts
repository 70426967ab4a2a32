// SPDX-License-Identifier: Apache-2.0
import { openPackage } from "../package/package.js";
import { issue } from "./issue.js";
import type { SigningKey } from "./key.js";
import { verifyPackage } from "./verify.js";

/** Who signs packages in a test, and `verify` for a user who trusts that certificate alone. */
export async function testSigner() {
	const identity = await issue({ type: "ecdsa", subject: "test" });
	const key: SigningKey = { kind: "memory", pem: identity.privateKey };
	const verified = async (path: string) =>
		verifyPackage(await openPackage(path), { trusted: [identity.certificate] });
	return { identity, key, verified };
}
