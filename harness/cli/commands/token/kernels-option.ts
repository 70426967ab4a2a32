// SPDX-License-Identifier: Apache-2.0
import { Option } from "commander";

/** `--kernels`, as `bpfgate test` has it. */
export function kernelsOption(): Option {
	return new Option("--kernels <list>", "`default`, `all`, or ids with commas between them")
		.default(["default"], "default")
		.argParser((text: string) => text.split(",").map((id) => id.trim()));
}
