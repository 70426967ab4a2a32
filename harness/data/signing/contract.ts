// SPDX-License-Identifier: Apache-2.0

/**
 * What a signature covers: `insns` (6.18) the loader's instructions, which check the hash of their
 * data; `insns-excl` (7.2) also that the data's map is exclusive to them; `insns-maps` (7.3)
 * instructions and the frozen content of each bound map, compared by the kernel at load.
 */
export type Contract = "insns" | "insns-excl" | "insns-maps";

export const contracts: readonly Contract[] = ["insns", "insns-excl", "insns-maps"];
