// SPDX-License-Identifier: Apache-2.0
import type { Results } from "../base/results.js";
import { json } from "./json.js";
import { junit } from "./junit.js";
import { markdown } from "./markdown.js";
import type { Medium } from "./medium.js";
import { pretty } from "./pretty.js";
import { tap } from "./tap.js";

/**
 * A pure function from one results document to text that ends in a newline.
 *
 * @param captures folder in which the packets of failed vectors are; undefined when they are not
 * written
 */
export type Reporter = (results: Results, medium: Medium, captures?: string) => string;

export const reporters = { pretty, json, tap, junit, markdown } satisfies Record<string, Reporter>;
export type ReporterName = keyof typeof reporters;
export const reporterNames = Object.keys(reporters) as ReporterName[];
