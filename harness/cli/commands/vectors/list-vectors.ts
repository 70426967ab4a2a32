// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { openPackage } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import { table } from "../../terminal/table.js";
import { assertSuite } from "./check-vectors.js";

/** `bpfgate vectors list`: every case, also beside files that are wrong. */
export function listCommand(): Command {
	return new Command("list")
		.description("the cases of a package: program, packets, and where they were written")
		.argument("<package>", "folder with a bpfgate.json, or archive of one")
		.option("--json", "print JSON")
		.action(async (path: string, options: { json?: boolean }) => {
			const pkg = await openPackage(path);
			const cases = suiteOf(pkg).vectors.map(({ case: name, subject, steps, place }) => ({
				case: name,
				object: subject.object.file,
				program: subject.program.name,
				type: subject.type,
				packets: steps.length,
				place,
			}));
			if (options.json) process.stdout.write(`${JSON.stringify({ cases }, null, "\t")}\n`);
			else {
				const rows = cases.map((each) => [
					each.case,
					each.program,
					each.type,
					String(each.packets),
					each.place,
				]);
				process.stdout.write(`${table([["case", "program", "type", "packets", "written at"], ...rows])}\n`);
			}
			assertSuite(pkg);
		});
}
