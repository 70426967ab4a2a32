// SPDX-License-Identifier: Apache-2.0
import type { KernelQuestion } from "./question.js";

/** Everything that kernels are asked, in the order of reports. */
export const questions: readonly KernelQuestion[] = [];
