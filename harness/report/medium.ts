// SPDX-License-Identifier: Apache-2.0

/** What the place that the text goes to can show. */
export interface Medium {
	/** Columns. */
	width: number;
	colour: boolean;
	/** False: signs are ASCII. */
	unicode: boolean;
}
