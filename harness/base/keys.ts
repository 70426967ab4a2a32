// SPDX-License-Identifier: Apache-2.0

/** Special keyring numbers: `KEY_SPEC_*_KEYRING` of include/uapi/linux/keyctl.h. */
export const keySpecs = {
	thread: -1,
	process: -2,
	session: -3,
	user: -4,
	userSession: -5,
	group: -6,
} as const;

/** `keyring_id` of BPF_PROG_LOAD and bpf_lookup_system_key() (include/linux/verification.h). */
export const systemKeyrings = { builtin: 0, secondary: 1, platform: 2 } as const;
