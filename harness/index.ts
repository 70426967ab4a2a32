// SPDX-License-Identifier: Apache-2.0

/**
 * The public library: what `bpfgate` does on the command line, as calls. docs/library.md has a
 * running example of each.
 *
 * - `openPackage` reads a package; `openKernels` takes kernels from the store.
 * - `testPackages` runs packages through checks on kernels, and yields events.
 * - `defineCheck` makes a check of your own.
 * - `outputs` render results as reports; `defineReporter` makes an output of your own.
 * - `createLab` lends guests of real kernels for anything else.
 */
export { InputError, UndecidedError } from "./base/errors.js";
export { type CaseResult, exitStatus, type Outcome, type Reason, type Results } from "./base/results.js";
export { checks } from "./checks/checks.js";
export type { ManifestSection } from "./data/package/manifest/manifest-section.js";
export { openPackage, type Package, type PackageObject } from "./data/package/package.js";
export type {
	Check,
	CheckContext,
	CheckRun,
	Finding,
	FindingBody,
	Workbench,
} from "./lab/check.js";
export { defineCheck } from "./lab/check.js";
export { failed, lackReason, passed, skipped } from "./lab/findings.js";
export { createLab, type Lab, type LabOptions } from "./lab/lab.js";
export { type CaseGroup, runCases } from "./lab/run-cases.js";
export type { Lack } from "./machine/features/missing.js";
export { chooseKernels as openKernels } from "./machine/kernel/choose-kernels.js";
export type { Kernel } from "./machine/kernel/kernel.js";
export type { Guest } from "./machine/vm/guest.js";
export {
	defineReporter,
	type FileOutput,
	type FolderOutput,
	type Output,
	type OutputFile,
	type RenderContext,
	type TextOutput,
} from "./report/output.js";
export { outputs } from "./report/outputs.js";
export type { TestRequest } from "./run/demands.js";
export type { RunEvent } from "./run/events.js";
export { testPackages } from "./run/test-packages.js";
