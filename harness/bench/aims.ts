// SPDX-License-Identifier: Apache-2.0

/** The aim for a figure, and its value when the aim was set (November 2026). */
export interface Aim {
	aim: number;
	before: number;
}

/** By name of the figure; both numbers in its unit, on 2 quiet cores without KVM. */
export const aims: Readonly<Record<string, Aim>> = {
	"test/xdp-filter/1": { aim: 0.5, before: 0.95 },
	"test/xdp-filter/6": { aim: 1, before: 1.45 },
	"packages/6.12": { aim: 12, before: 7.1 },
	"startup/version": { aim: 0.15, before: 0.4 },
	"startup/help": { aim: 0.15, before: 0.4 },
	"startup/inspect": { aim: 0.15, before: 0.4 },
	"vectors/6.12": { aim: 50_000, before: 27_600 },
};
