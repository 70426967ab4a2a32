// SPDX-License-Identifier: Apache-2.0

export { InputError, UndecidedError } from "./base/errors.js";
export { type CaseResult, exitStatus, type Outcome, type Reason, Results } from "./base/results.js";
/** The public library: what `bpfgate` does on the command line, as calls. */
export { checks } from "./checks/checks.js";
export { Manifest } from "./data/package/manifest/manifest.js";
export { openPackage, type Package, type PackageObject } from "./data/package/package.js";
export type { ChainSource } from "./data/package/sections/chain-file.js";
export { readChainFile } from "./data/package/sections/chain-file.js";
export type { Check, Finding, Workbench } from "./lab/check.js";
export type { Features } from "./machine/features/features.js";
export { KernelFeatures } from "./machine/features/source.js";
export { agentPath, buildAgent } from "./machine/guest/build.js";
export { GuestClient, GuestError } from "./machine/guest/client.js";
export { type Args, type OperationName, operations, type Result } from "./machine/guest/operations.js";
export { readCatalog } from "./machine/kernel/catalog.js";
export type { Kernel } from "./machine/kernel/kernel.js";
export { pullKernels } from "./machine/kernel/pull.js";
export { openKernel } from "./machine/kernel/store.js";
export type { Guest, Splat } from "./machine/vm/guest.js";
export { Machines } from "./machine/vm/machine.js";
export { GuestPool } from "./machine/vm/pool.js";
export { html } from "./report/html.js";
export { defineReporter, type Output } from "./report/output.js";
export { outputs } from "./report/outputs.js";
export type { RunEvent } from "./run/events.js";
export { type TestRequest, testPackages } from "./run/test-packages.js";
