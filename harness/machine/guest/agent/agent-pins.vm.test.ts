// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { guestWithMaps } from "./testmaps.js";

describe.each(["5.10", "7.3"])("pins on %s", (id) => {
	const maps = guestWithMaps(id);
	const pin = "/sys/fs/bpf/eth0/limit/slots";
	const pins = async () => (await maps.call("inventory", {})).pins;

	async function load(path = pin, settings = {}) {
		await maps.call("file_write", { path: "/run/object.o", data: await maps.everyMap });
		const opened = await maps.call("object_open", {
			path: "/run/object.o",
			maps: [{ name: "slots", pin: path, ...settings }],
		});
		const loaded = await maps.call("object_load", { object: opened.object, log_level: 0, log_bytes: 4096 });
		const slots = loaded.maps.find(({ name }) => name === "slots");
		return { object: opened.object, id: slots?.id, errno: loaded.errno };
	}

	it("are made with their folders, reused, and removed by the object that made them", async () => {
		const before = await pins();
		const first = await load();
		expect(first.errno).toBe(0);
		const made = ["/sys/fs/bpf/eth0", "/sys/fs/bpf/eth0/limit", pin];
		expect((await pins()).filter((path) => !before.includes(path)).sort()).toEqual(made);

		const second = await load();
		expect(second).toMatchObject({ errno: 0, id: first.id });
		await maps.call("object_close", { object: second.object });
		expect(await pins()).toContain(pin);

		const other = await load(pin, { max_entries: 9 });
		expect(other.errno).not.toBe(0);
		await maps.call("object_close", { object: other.object });
		expect(await pins()).toContain(pin);

		const unpinned = await load("");
		expect(unpinned).toMatchObject({ errno: 0, id: expect.any(Number) });
		expect(unpinned.id).not.toBe(first.id);
		await maps.call("object_close", { object: unpinned.object });

		await maps.call("object_close", { object: first.object });
		expect(await pins()).toEqual(before);
	});
});
