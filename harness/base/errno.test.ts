// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { errnoName } from "./errno.js";

it("names errnos as Linux does, on any host", () => {
	expect([2, 11, 35, 95, 524].map(errnoName)).toEqual([
		"ENOENT",
		"EAGAIN",
		"EDEADLK",
		"EOPNOTSUPP",
		"ENOTSUPP",
	]);
});

it("names libbpf's own errors", () => {
	expect([4001, 4003].map(errnoName)).toEqual(["LIBBPF_ERRNO__FORMAT", "LIBBPF_ERRNO__ENDIAN"]);
});

it("gives the number of an unknown error", () => {
	expect([0, 4711].map(errnoName)).toEqual(["no error number", "errno 4711"]);
});
