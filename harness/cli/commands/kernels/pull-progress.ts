// SPDX-License-Identifier: Apache-2.0
import { createLogUpdate } from "log-update";
import type { PullEvent } from "../../../machine/kernel/pull.js";
import { table } from "../../terminal/table.js";

/** Shows a pull: one line a kernel that changes on a terminal, one line an event elsewhere. */
export function pullProgress(stream: NodeJS.WriteStream): {
	event: (event: PullEvent) => void;
	end: () => void;
} {
	if (!stream.isTTY) {
		const said = new Map<string, string>();
		return {
			event(event) {
				// Progress in bytes is for terminals: elsewhere each stage is said once.
				if (said.get(event.id) === event.kind) return;
				said.set(event.id, event.kind);
				stream.write(`${event.id}: ${describe(event)}\n`);
			},
			end() {},
		};
	}
	const update = createLogUpdate(stream);
	const latest = new Map<string, string>();
	let shown = Number.NEGATIVE_INFINITY;
	const show = () => update(table([...latest]));
	return {
		event(event) {
			latest.set(event.id, describe(event));
			const now = performance.now();
			if (event.kind === "downloading" && now - shown < 100) return;
			shown = now;
			show();
		},
		end() {
			show();
			update.done();
		},
	};
}

export function describe(event: PullEvent): string {
	switch (event.kind) {
		case "kept":
			return `${event.record.release} is here`;
		case "resolving":
			return "looking for the newest release";
		case "downloading": {
			const percent = Math.floor((100 * event.bytes) / Math.max(event.total, 1));
			return `${event.release} downloading ${(event.total / 1024 / 1024).toFixed(0)} MiB, ${percent} %`;
		}
		case "storing":
			return `${event.release} unpacking`;
		case "stored":
			return `${event.record.release} stored`;
		case "failed":
			return "failed";
	}
}
