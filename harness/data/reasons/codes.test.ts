// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { helperName } from "../../base/bpf.js";
import { errnoName } from "../../base/errno.js";
import { codes } from "./codes.js";

it.each(Object.entries(codes))("%s has a meaning and a hint, each a sentence", (code, { meaning, hint }) => {
	expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
	expect(meaning).toMatch(/^[A-Z].*\.$/);
	expect(hint).toMatch(/^[A-Z].*\.$/);
	expect(`${meaning}${hint}`).not.toContain("\n");
});

it("names helpers by the kernel's numbers", () => {
	expect([1, 44, 113, 189, 211].map(helperName)).toEqual([
		"bpf_map_lookup_elem",
		"bpf_xdp_adjust_head",
		"bpf_probe_read_kernel",
		"bpf_xdp_load_bytes",
		"bpf_cgrp_storage_delete",
	]);
	expect([0, -1, 212, 9999].map(helperName)).toEqual([undefined, undefined, undefined, undefined]);
});

it("names errors of Linux and of libbpf", () => {
	expect([1, 7, 13, 22, 28, 95, 524, 4001, 4003].map(errnoName)).toEqual([
		"EPERM",
		"E2BIG",
		"EACCES",
		"EINVAL",
		"ENOSPC",
		"EOPNOTSUPP",
		"ENOTSUPP",
		"LIBBPF_ERRNO__FORMAT",
		"LIBBPF_ERRNO__ENDIAN",
	]);
	expect(errnoName(0)).toBe("no error number");
	expect(errnoName(58)).toBe("errno 58");
	expect(errnoName(9999)).toBe("errno 9999");
});
