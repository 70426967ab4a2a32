// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { incusKeys, lxdOptions } from "../../../checks/token/model/container-options.js";
import { delegationOf, settingsOf } from "../../../checks/token/model/delegation.js";
import { printMountOptions } from "../../../checks/token/model/mount-options.js";
import { printDropIn } from "../../../checks/token/model/systemd-drop-in.js";
import { sampleFiles, sampleManifest, temporaryFolder } from "../../../data/package/testpackage.js";
import { delegationArgument } from "./delegation-argument.js";

const settings = async (...texts: string[]) => settingsOf(await delegationArgument(texts));

it("adds up delegations in every notation", async () => {
	const token = { programs: ["kprobe"], capabilities: ["cap_bpf"] };
	await using folder = await temporaryFolder({
		...sampleFiles({ ...sampleManifest, token }),
		"token.conf": "[Service]\nBPFDelegateMaps=BPFMapTypeRingbuf\n",
	});
	expect(
		await settings(
			"delegate_cmds=prog_load",
			"security.bpffs.delegate_progs=xdp",
			"security.delegate_bpf.attach_types=xdp:trace_fentry",
			"CAP_PERFMON,cap_net_admin",
			`${folder.path}/token.conf`,
			folder.path,
		),
	).toEqual({
		commands: ["prog_load"],
		maps: ["ringbuf"],
		programs: ["kprobe", "xdp"],
		attachments: ["trace_fentry", "xdp"],
		capabilities: ["cap_net_admin", "cap_perfmon", "cap_bpf"],
	});
});

it("takes every notation that infer prints", async () => {
	const token = {
		commands: ["map_create", "prog_load"],
		maps: ["any"],
		programs: ["xdp"],
		attachments: ["xdp"],
	};
	const delegation = delegationOf(token);
	await using folder = await temporaryFolder({ "token.conf": printDropIn(delegation).text });
	for (const texts of [
		[printMountOptions(delegation)],
		[`${folder.path}/token.conf`],
		incusKeys(delegation),
		lxdOptions(delegation),
	])
		expect(await settings(...texts)).toEqual({ ...token, capabilities: ["any"] });
});

it("gives the user all capabilities where none is named", async () => {
	expect(await settings("delegate_progs=xdp")).toEqual({ programs: ["xdp"], capabilities: ["any"] });
});

it("refuses other arguments", async () => {
	await expect(settings("xdp")).rejects.toThrow(/is not a delegation: give bpffs mount options/);
	await expect(settings("delegate_progs=xpd")).rejects.toThrow(/"xpd" is not a program type/);
	await expect(settings("cap_bfp")).rejects.toThrow(/"cap_bfp" is not a capability/);
	await using folder = await temporaryFolder(sampleFiles());
	await expect(settings(folder.path)).rejects.toThrow(/\/token: is missing: the package declares no token/);
});
