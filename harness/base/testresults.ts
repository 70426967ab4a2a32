// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Results } from "./results.js";

export function documentOf(
	results: CaseResult[],
	{ kernels = distinct(results, "kernel"), packages = distinct(results, "package") } = {},
): Results {
	return {
		format: "bpfgate/results",
		version: 1,
		run: {
			id: "r",
			started: "2026-01-01T00:00:00Z",
			finished: "2026-01-01T00:00:01Z",
			bpfgate: "0.1.0",
			accelerator: "tcg",
			qemu: "7.2",
			jobs: 1,
			interrupted: false,
		},
		kernels: kernels.map((id) => ({ id, release: id, arch: "x86_64", image_sha256: "" })),
		packages: packages.map((name) => ({ name, version: "1", sha256: "" })),
		results,
	};
}

const distinct = (results: CaseResult[], key: "kernel" | "package") => [
	...new Set(results.map((result) => result[key])),
];
