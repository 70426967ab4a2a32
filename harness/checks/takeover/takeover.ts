// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { Package } from "../../data/package/package.js";
import { TakeoverSettings } from "../../data/package/sections/takeover.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Check, Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed, skipped, undecided } from "../../lab/findings.js";
import { runCases } from "../../lab/run-cases.js";
import { type DetectorCommand, DetectorFailed } from "./detector.js";
import { detectorOf } from "./detectors.js";
import { scoreCase, scoreOf } from "./score.js";
import { HookRefused, NotMet } from "./stage.js";
import { type Arranged, checkTechniques, isNothing, type Trial, trialsOf } from "./trials.js";
import { patienceSeconds, underWatch, type Watched } from "./under-watch.js";

/**
 * When another takes the hook of a program, does a watcher notice? A case
 * `<program or map>/<technique>` for each technique that fits a program at a shared hook, or a map,
 * each in a guest of its own: the package's detector, or the built-in watcher, must raise an alarm
 * after a takeover that live traffic or the owner's view of the map shows, and none before it.
 * `<program or map>/nothing-taken` takes nothing: there an alarm is false, however late it comes.
 * `score` counts what was noticed, and fails when anything was missed; `hooks` fails for a package
 * without such a hook or map.
 */
export const takeoverCheck: Check = {
	name: "takeover",
	summary: "when another takes its hook or changes its maps, does a watcher notice?",
	section: { key: "takeover", schema: TakeoverSettings },
	suits: (pkg) => pkg.manifest.takeover !== undefined,
	costly: true,
	create: ({ packages }) => {
		for (const pkg of packages) checkTechniques(pkg);
		return {
			cases(pkg) {
				const names = trialsOf(pkg).map(({ name }) => name);
				return names.length > 0 ? [...names, scoreCase] : [noHook];
			},
			async *run(pkg, bench) {
				const trials = trialsOf(pkg);
				if (trials.length === 0)
					yield { case: noHook, ...failed(reason("takeover-no-hook"), { techniques: [] }) };
				const found: Finding[] = [];
				for (const trial of trials) {
					const findings = runCases(bench, {
						cases: [trial.name],
						leftovers: trial.name,
						after: `${trial.subject} was taken`,
						spoils: true,
						known: (cause) =>
							cause instanceof DetectorFailed ? failed(cause.reason, techniqueOf(trial)) : undefined,
						run: () => judged(trial, pkg, bench),
					});
					for await (const finding of findings) {
						found.push(finding);
						yield finding;
					}
				}
				if (trials.length > 0) yield { case: scoreCase, ...scoreOf(found, detectorOf(pkg, []).name) };
			},
		};
	},
};

const noHook = "hooks";

const techniqueOf = ({ technique: { name, group, needs } }: Trial) => ({ technique: name, group, needs });

async function* judged(trial: Trial, pkg: Package, bench: Workbench): AsyncIterable<Finding> {
	const guest = await bench.guest();
	const { name, subject } = trial;
	let arranged: Arranged | undefined;
	try {
		arranged = await trial.arrange(guest);
	} catch (error) {
		if (error instanceof NotMet) {
			const facts = { subject, hook: error.hook };
			yield { case: name, ...skipped(reason("takeover-not-met", facts), techniqueOf(trial)) };
			return;
		}
		if (!(error instanceof HookRefused)) throw error;
		const facts = { subject, hook: error.hook, errno: errnoName(error.errno) };
		yield { case: name, ...skipped(reason("takeover-not-attached", facts), techniqueOf(trial)) };
		return;
	}
	if (!arranged) {
		yield { case: name, ...skipped(reason("takeover-not-loaded", { subject }), techniqueOf(trial)) };
		return;
	}
	const command = detectorOf(pkg, arranged.maps);
	yield { case: name, ...verdict({ trial, command, ...(await underWatch(guest, command, arranged)) }) };
}

interface Seen extends Watched {
	trial: Trial;
	command: DetectorCommand;
}

function verdict({ trial, command, tried, early, alarms, latencyMs }: Seen): FindingBody {
	const { result, call, errno, shown } = tried;
	const [first] = alarms;
	const evidence = {
		...techniqueOf(trial),
		...{ call, errno: errno === 0 ? "0" : errnoName(errno), shown, result, detector: command.name },
		...(first?.signal === undefined ? {} : { signal: first.signal }),
		...(first?.who === undefined ? {} : { who: first.who }),
		...(latencyMs === undefined ? {} : { latency_ms: latencyMs }),
		...(first ? { alarms: alarms.slice(0, 3).map(({ text }) => text) } : {}),
	};
	const idle = early ?? (result === "nothing" ? first : undefined);
	if (idle)
		return failed(reason("alarm-without-takeover", { detector: command.name, alarm: idle.text }), evidence);
	const { technique } = trial;
	if (isNothing(technique)) return passed(evidence);
	switch (result) {
		case "nothing":
			throw new Error(`${technique.name} was not carried out`);
		case "lacking":
			return skipped(reason("takeover-unsupported", { lack: shown }), evidence);
		case "refused":
			return skipped(reason("takeover-refused", { call, errno: errnoName(errno), shown }), evidence);
		case "no-effect":
			return undecided(reason("takeover-without-effect", { call, shown }), evidence);
		case "took": {
			if (first) return passed(evidence);
			const { summary, advice } = technique;
			const facts = { summary, shown, advice, detector: command.name, seconds: patienceSeconds };
			return failed(reason("takeover-unnoticed", facts), evidence);
		}
	}
}
