// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from "vitest";
import { type SignOptions, signDetached } from "../cms.js";
import { type Identity, issue } from "../issue.js";
import { lintSignature } from "./signature.js";

let identity: Identity;
beforeAll(async () => {
	identity = await issue({ type: "ecdsa" });
});

async function codes(options: SignOptions, content = "a loader"): Promise<string[]> {
	const { privateKey, certificate } = identity;
	const key = { kind: "memory", pem: privateKey } as const;
	const cms = await signDetached(Buffer.from(content), key, certificate, options);
	return lintSignature({ cms }).map(({ code }) => code);
}

it("finds nothing in a bare detached signature", async () => {
	expect(await codes({})).toEqual([]);
	expect(await codes({ digest: "sha384" })).toEqual([]);
});

it.each([
	["weak-digest", { digest: "sha1" }],
	["content-attached", { attached: true }],
	["attributes-signed", { attributes: true }],
	["certificates-embedded", { certificates: true }],
] as const)("finds %s", async (code, options) => {
	expect(await codes(options)).toEqual([code]);
});

it("finds what is longer than kernels take", async () => {
	expect(await codes({ attached: true }, "x".repeat(7000))).toEqual(["content-attached"]);
	expect(await codes({ attached: true }, "x".repeat(8192))).toEqual([
		"signature-too-large",
		"content-attached",
	]);
});

it("finds what is not a signature", () => {
	for (const cms of [new Uint8Array(0), Buffer.from("junk"), Buffer.from([0x30, 0x80, 0, 0])])
		expect(lintSignature({ cms })).toMatchObject([{ code: "signature-unreadable" }]);
});
