// SPDX-License-Identifier: Apache-2.0
import type { KernelQuestion } from "../lab/kernel-question.js";
import { chainsQuestion } from "./chains/chains-question.js";
import { tokensQuestion } from "./tokens/tokens-question.js";

/** Everything that kernels are asked, in the order of reports. */
export const questions: readonly KernelQuestion[] = [tokensQuestion, chainsQuestion];
