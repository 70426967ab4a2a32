// SPDX-License-Identifier: Apache-2.0

export type { ChainSource } from "./chain/declared.js";
export { readChainFile } from "./chain/read.js";
export type { Check, Finding, Workbench } from "./checks/check.js";
/** The public library: what `bpfgate` does on the command line, as calls. */
export { checks } from "./checks/checks.js";
export { InputError, UndecidedError } from "./errors.js";
export type { Features } from "./features/features.js";
export { KernelFeatures } from "./features/source.js";
export { agentPath, buildAgent } from "./guest/build.js";
export { GuestClient, GuestError } from "./guest/client.js";
export { type Args, type OperationName, operations, type Result } from "./guest/operations.js";
export { readCatalog } from "./kernel/catalog.js";
export type { Kernel } from "./kernel/kernel.js";
export { pullKernels } from "./kernel/pull.js";
export { openKernel } from "./kernel/store.js";
export { Manifest } from "./package/manifest.js";
export { openPackage, type Package, type PackageObject } from "./package/package.js";
export type { RunEvent } from "./plan/events.js";
export { type TestRequest, testPackages } from "./plan/test-packages.js";
export { html } from "./report/html.js";
export { reporters } from "./report/reporter.js";
export { type CaseResult, exitStatus, type Outcome, type Reason, Results } from "./results/results.js";
export type { Guest, Splat } from "./vm/guest.js";
export { Machines } from "./vm/machine.js";
export { GuestPool } from "./vm/pool.js";
