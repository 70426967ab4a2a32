// SPDX-License-Identifier: Apache-2.0
import type { KernelQuestion } from "../lab/kernel-question.js";
import { chainsQuestion } from "../qualify/chains/chains-question.js";
import { gatekeepersQuestion } from "../qualify/gatekeepers/gatekeepers-question.js";
import { signaturesQuestion } from "../qualify/signatures/signatures-question.js";
import { tokensQuestion } from "../qualify/tokens/tokens-question.js";

/** Everything that kernels are asked, in the order of reports. */
export const questions: readonly KernelQuestion[] = [
	signaturesQuestion,
	gatekeepersQuestion,
	tokensQuestion,
	chainsQuestion,
];
