// SPDX-License-Identifier: Apache-2.0
import type { Medium } from "../../report/medium.js";

/** What is known of the stream that text goes to. */
export interface Stream {
	isTTY?: boolean;
	columns?: number;
}

/**
 * What a stream can show: colour on a terminal only and never under NO_COLOR (no-color.org) or
 * TERM=dumb, other than ASCII signs when the locale (POSIX: LC_ALL, LC_CTYPE, LANG, the first that
 * is set) is UTF-8.
 */
export function mediumOf(stream: Stream, env: NodeJS.ProcessEnv): Medium {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
	return {
		width: Math.max(40, stream.columns || 100),
		colour: stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb",
		unicode: /utf-?8/i.test(locale),
	};
}
