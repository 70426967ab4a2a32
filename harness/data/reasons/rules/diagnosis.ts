// SPDX-License-Identifier: Apache-2.0
import type { ExplainedCode } from "../registry/registry.js";

/** `category: problem` of 7.3's diagnosis (kernel/bpf/diagnostics.c), where the two say enough. */
const titles: readonly [RegExp, ExplainedCode][] = [
	[/^Memory Safety: access outside bounds/i, "out-of-bounds"],
	[/^Memory Safety: .{0,60}uninit/i, "uninitialised-read"],
	[/^Register Type Safety: (?:unreadable register|missing stack argument)/i, "uninitialised-read"],
	[/^Register Type Safety: invalid dereference/i, "invalid-dereference"],
	[/^Resource Lifetime Safety: unreleased resource/i, "reference-leak"],
	[/^Resource Lifetime Safety: .{0,60}(?:lock|IRQ)/i, "lock-misuse"],
	[/^Execution Context Safety: (?:unmatched|required)/i, "lock-misuse"],
	[/^.{0,60}: pointer offset is not safe/i, "pointer-arithmetic"],
	[/^.{0,60}: (?:32-bit|.{0,40}pointer arithmetic)/i, "pointer-arithmetic"],
	[/^Call Type Safety: /i, "type-mismatch"],
	[/^Program Structure: unreachable/i, "unreachable-code"],
	[/^Program Structure: (?:.{0,40}jump|subprogram can fall through)/i, "jump-out-of-range"],
	[/^Program Structure: back-edge/i, "unbounded-loop"],
	[/^Program Structure: recursive/i, "call-depth"],
];

/** The code of a diagnosis without known classic words; undefined when it says too little. */
export function codeOfDiagnosis(title: string): ExplainedCode | undefined {
	return titles.find(([pattern]) => pattern.test(title))?.[1];
}
