// SPDX-License-Identifier: Apache-2.0
import type { Medium } from "../../report/medium.js";

export interface Stream {
	isTTY?: boolean;
	columns?: number;
}

/** Colour on a terminal without NO_COLOR (no-color.org) or TERM=dumb; more than ASCII in UTF-8. */
export function mediumOf(stream: Stream, env: NodeJS.ProcessEnv): Medium {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
	return {
		width: Math.max(40, stream.columns || 100),
		colour: stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
		unicode: /utf-?8/i.test(locale),
	};
}
