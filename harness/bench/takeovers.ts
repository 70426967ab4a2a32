// SPDX-License-Identifier: Apache-2.0
// Carries every takeover out against a program of bpfgate's own on each kernel, each in a guest of
// its own, and writes docs/takeovers.md.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errnoName } from "../base/errno.js";
import { applicable, type Tried } from "../checks/takeover/attempt.js";
import type { Hold } from "../checks/takeover/hold.js";
import { holdsOf, hookKind, type TakenHook } from "../checks/takeover/hooks.js";
import { tryAll, tryOnDispatchers } from "../checks/takeover/own-stage.js";
import { type Point, points } from "../checks/takeover/points.js";
import { type Measured, takeoversPage } from "../checks/takeover/takeovers-page.js";
import { dispatcherTechniques } from "../checks/takeover/techniques/dispatchers.js";
import { mapTechniques } from "../checks/takeover/techniques/maps.js";
import { techniques } from "../checks/takeover/techniques/techniques.js";
import { chooseKernels } from "../machine/kernel/choose-kernels.js";
import { openKernel } from "../machine/kernel/store.js";

const hooks: readonly TakenHook[] = [
	...(["xdp", "tc_ingress", "tcx_ingress", "netkit_primary", "cgroup_connect4"] as const),
	...(Object.keys(points) as Point[]),
];
const page = fileURLToPath(new URL("../../docs/takeovers.md", import.meta.url));

const ids = (await chooseKernels(process.argv.length > 2 ? process.argv.slice(2) : ["default"])).map(
	({ id }) => id,
);
const measured: Measured[] = [];
for (const id of ids) {
	const kernel = await openKernel(id);
	for (const hook of hooks)
		for (const hold of holdsOf(hookKind(hook)) as Hold[]) {
			const tried = await tryAll(kernel, hook, hold, techniques, true);
			for (const { name: technique } of applicable({ kind: hookKind(hook), hold }, techniques)) {
				const answer = tried?.get(technique);
				const watched = answer?.result === "took" ? { alarm: answer.alarm ?? ("none" as const) } : {};
				const what = { kernel: id, hook, hold, technique, ...watched };
				measured.push({ ...what, said: answer ? said(answer) : "(no such hook)" });
			}
			console.error(`${id}: ${hook}, ${hold}`);
		}
	for (const [technique, tried] of await tryOnDispatchers(kernel))
		measured.push({ kernel: id, hook: "dispatcher", hold: "pinned", technique, said: said(tried) });
}
writeFileSync(page, takeoversPage(measured, [...techniques, ...dispatcherTechniques, ...mapTechniques]));
console.error(page);

function said({ result, errno, shown }: Tried): string {
	if (result === "refused") return errnoName(errno);
	return result === "lacking" ? `(${shown})` : result;
}
