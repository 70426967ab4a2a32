// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import type { Package } from "../../data/package/package.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type Alarm, type DetectorCommand, shortened } from "./detector.js";
import { watcherPath } from "./watcher/watcher-path.js";

const path = "/run/bpfgate-watch-hooks";

/** The package's own detector, or the built-in watcher, which reads these maps too. */
export function detectorOf({ manifest }: Package, maps: readonly number[]): DetectorCommand {
	const own = manifest.takeover?.detector;
	if (!own) return builtInWatcher(maps);
	const ready = own.ready ?? "ready";
	return {
		name: own.command.join(" "),
		argv: own.command,
		limited: true,
		isReady: (line) => line.startsWith(ready),
		alarmOf: (line) => ({ text: shortened(line) }),
	};
}

/** `bpfgate watch-hooks`. @param maps ids of maps whose contents it reads too */
export function builtInWatcher(maps: readonly number[] = []): DetectorCommand {
	return {
		name: "bpfgate's watcher",
		argv: [path, "--json", ...maps.flatMap((id) => ["--map", `${id}`])],
		limited: false,
		isReady: (line) => eventOf(line)?.event === "ready",
		alarmOf(line) {
			const event = eventOf(line);
			return event && isAlarm(event) ? alarm(event, line) : undefined;
		},
	};
}

/** Writes the built-in watcher into the guest; a package's is there already (guest.files). */
export async function shipWatcher({ client, kernel }: Guest, { argv }: DetectorCommand): Promise<void> {
	if (argv[0] !== path) return;
	const data = await readFile(watcherPath(kernel.arch));
	await client.call("file_write", { path, data, mode: 0o755 });
}

/** A line of `watch-hooks --json`, as docs/watch-hooks.md describes it. */
interface WatcherEvent {
	event: string;
	kind?: string;
	change?: string;
	signal?: string;
	time_ns?: number;
	pid?: number;
	comm?: string;
	uid?: number;
}

function eventOf(line: string): WatcherEvent | undefined {
	try {
		return JSON.parse(line) as WatcherEvent;
	} catch {
		return undefined;
	}
}

/** That a program or a map comes or goes does not say that a hook was taken. */
function isAlarm({ event, kind, change }: WatcherEvent): boolean {
	if (event === "blinded") return true;
	if (event !== "change") return false;
	return change === "changed" || (kind !== "program" && kind !== "map");
}

function alarm({ signal, time_ns, pid, comm, uid }: WatcherEvent, line: string): Alarm {
	return {
		text: shortened(line),
		...(time_ns === undefined ? {} : { timeNs: time_ns }),
		...(signal === undefined ? {} : { signal }),
		...(pid === undefined ? {} : { who: `${comm ?? "?"} (pid ${pid}, uid ${uid ?? "?"})` }),
	};
}
