// SPDX-License-Identifier: Apache-2.0
// The door of this folder: what the kernel and libbpf said, as a code, a sentence and a hint.

export { helperName } from "../../base/bpf.js";
export { errnoName } from "../../base/errno.js";
export { explainAttach } from "./attach.js";
export type * from "./facts.js";
export { explainLoad } from "./load.js";
export { explainMap } from "./map.js";
export { explainOpen } from "./open.js";
export { type VerifierStatistics, verifierStatistics } from "./statistics.js";
