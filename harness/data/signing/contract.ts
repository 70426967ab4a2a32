// SPDX-License-Identifier: Apache-2.0

/**
 * What a kernel's signature over a program covers, by the kernels that had it first: `insns` (6.18)
 * the loader's instructions, which themselves compare the hash of their data at run time;
 * `insns-excl` (7.2) the same, and the instructions also insist that the data's map is exclusive to
 * them; `insns-maps` (7.3) the instructions followed by the frozen content of each bound map,
 * compared by the kernel at load.
 */
export type Contract = "insns" | "insns-excl" | "insns-maps";

export const contracts: readonly Contract[] = ["insns", "insns-excl", "insns-maps"];
