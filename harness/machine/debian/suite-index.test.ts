// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { outdated } from "./suite-index.js";

const apt = { mirrors: { archive: "http://a.example/debian", security: "http://a.example/security" } };
const explain = (stderr: string) => outdated(apt, { name: "sid", arch: "amd64" }, stderr);

it("distinguishes a Release file that is not valid now from a network failure", () => {
	const address = "http://a.example/debian/dists/sid/InRelease";
	const expired = explain(
		`W: something else\nE: Release file for ${address} is expired (invalid since 3d 4h 5min 6s). Updates for this repository will not be applied.\n`,
	);
	expect(expired).toMatchObject({
		code: "index-not-valid",
		message: `http://a.example/debian sid: Release file for ${address} is expired (invalid since 3d 4h 5min 6s). Updates for this repository will not be applied.`,
	});
	expect(expired?.hint).toMatch(/clock .*Acquire::Check-Valid-Until "false"/);
	const early = explain(
		`E: Release file for ${address} is not valid yet (invalid for another 5h 1min 2s).\n`,
	);
	expect(early?.code).toBe("index-not-valid");
	expect(early?.hint).toMatch(/clock \(\d{4}-\d\d-\d\dT\d\d:\d\dZ\)$/);
	expect(explain(`E: Failed to fetch ${address}  Could not connect to a.example:80\n`)).toBeUndefined();
});
