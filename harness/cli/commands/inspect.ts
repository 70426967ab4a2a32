// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../base/printable.js";
import { dialectOf } from "../../data/package/elf/dialect.js";
import { openPackage } from "../../data/package/package.js";
import type { Action } from "../terminal/command-table.js";
import { summaryOf } from "./inspect-summary.js";
import { summaryText } from "./inspect-text.js";

/** `bpfgate inspect`: what a package contains and needs, read from its files alone. */
export const run: Action<"inspect"> = async ([path], { json, dialect }, { write }) => {
	const summary = summaryOf(await openPackage(String(path), { dialect: dialectOf(dialect) }));
	write(json ? `${printableJson(summary)}\n` : summaryText(summary));
};
