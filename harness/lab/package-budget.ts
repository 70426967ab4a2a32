// SPDX-License-Identifier: Apache-2.0

/** The time that all cells of a package may take together, whatever the number of kernels. */
export class PackageBudget {
	#left: number;

	/** @param ms that they may take */
	constructor(readonly ms: number) {
		this.#left = ms;
	}

	get left(): number {
		return this.#left;
	}

	spend(ms: number): void {
		this.#left = Math.max(0, this.#left - ms);
	}
}
