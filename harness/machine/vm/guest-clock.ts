// SPDX-License-Identifier: Apache-2.0

/**
 * True if the kernel measured a wrong TSC frequency at boot. Its clock then has a wrong rate (13
 * times too fast was seen), and with it every time-out and duration in the guest and its clones. It
 * happens under TCG on a loaded host: the PIT and the PM timer disagree, and the kernel uses the
 * PIT.
 *
 * @param console output since boot
 *
 * Kernel: pit_hpet_ptimer_calibrate_cpu(), arch/x86/kernel/tsc.c.
 */
export function hasWrongClock(console: string): boolean {
	return console.includes("tsc: PIT calibration deviates from PMTIMER");
}
