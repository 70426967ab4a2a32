// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../../base/printable.js";
import { openPackage } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import type { Action } from "../../terminal/command-table.js";
import { table } from "../../terminal/table.js";
import { assertSuite } from "./check-vectors.js";

/** `bpfgate vectors list`: every case of the valid files, then what is wrong with the others. */
export const run: Action<"vectors list"> = async ([path], { json }, { write }) => {
	const pkg = await openPackage(String(path));
	const cases = suiteOf(pkg).vectors.map(({ case: name, subject, steps, place }) => ({
		case: name,
		object: subject.object.file,
		program: subject.program.name,
		type: subject.type,
		packets: steps.length,
		place,
	}));
	if (json) write(`${printableJson({ cases })}\n`);
	else if (pkg.vectors.length === 0)
		write(`${pkg.name}: has no vector files; \`vectors\` of bpfgate.json names them\n`);
	else {
		const rows = cases.map((each) => [each.case, each.program, each.type, String(each.packets), each.place]);
		write(`${table([["case", "program", "type", "packets", "written at"], ...rows])}\n`);
	}
	assertSuite(pkg);
};
