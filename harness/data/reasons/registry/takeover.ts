// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** The takeover check: hooks that are taken, and whether a watcher notices. */
export const takeoverReasons = defineReasons({
	"takeover-not-staged": {
		message: (f: { hook: string; why: string }) =>
			`no takeover of ${f.hook} can be shown, because the program does not stand there: ${f.why}`,
		hint: "see the load check, and whether the program sees every packet of its hook",
	},
	"takeover-no-hook": {
		message: "the package has no program at a hook that others can take, and no map",
		hint: "leave takeover out of the manifest, or give a program its hook (attach.hook)",
	},
	"takeover-not-loaded": {
		message: (f: { subject: string }) => `${f.subject} did not load, so nothing can be taken from it`,
		hint: "see the load check",
	},
	"takeover-not-attached": {
		message: (f: { subject: string; hook: string; errno: string }) =>
			`nothing can be taken from ${f.subject}, because the kernel does not attach it to ${f.hook}: ${f.errno}`,
		hint: "see the load check",
	},
	"takeover-not-met": {
		message: (f: { subject: string; hook: string }) =>
			`no takeover of ${f.subject} can be shown, because nothing that bpfgate does meets it (${f.hook})`,
		hint: "attach it to a function that opening a socket, sending a packet, a file or a new process reaches",
	},
	"detector-not-started": {
		message: (f: { detector: string; why: string }) => `${f.detector} does not watch: it ${f.why}`,
		hint: "run the detector by hand in a guest, and make it say on its output when it watches",
	},
	"takeover-unnoticed": {
		message: (f: { summary: string; shown: string; detector: string; seconds: number }) =>
			`it took effect (${f.shown}), and ${f.detector} said nothing within ${f.seconds} s: ${f.summary}`,
		hint: (f: { advice: string }) => `make the detector see it: ${f.advice}`,
	},
	"takeovers-missed": {
		message: (f: { detector: string; noticed: number; took: number; missed: string }) =>
			`${f.detector} noticed ${f.noticed} of ${f.took} takeovers that took effect; it misses ${f.missed}`,
		hint: "see the cases of the techniques named: each says what betrays it",
		meaning: "the detector does not notice every takeover that takes effect",
	},
	"takeover-score-void": {
		message: (f: { detector: string }) =>
			`${f.detector} raises alarms when nothing is taken, so that its alarms show nothing`,
		hint: "see the cases nothing-taken",
	},
	"takeover-none-took": {
		message: "no takeover took effect on this kernel, so there was nothing to notice",
		hint: "see the cases: what the kernel refuses needs no watcher",
	},
	"takeover-refused": {
		message: (f: { call: string; errno: string; shown: string }) =>
			`the kernel refused the takeover: ${f.call} returned ${f.errno}, and ${f.shown}`,
		hint: "keep it so: this way into the hook is closed",
	},
	"takeover-unsupported": {
		message: (f: { lack: string }) => `the takeover cannot be tried here: ${f.lack}`,
		hint: "test on a kernel that has it, or leave the technique out of takeover.techniques",
	},
	"takeover-without-effect": {
		message: (f: { call: string; shown: string }) =>
			`${f.call} succeeded and changed nothing that traffic shows: ${f.shown}`,
		hint: "report it with the package and the kernel",
	},
	"alarm-without-takeover": {
		message: (f: { detector: string; alarm: string }) =>
			`${f.detector} raised an alarm although nothing was taken: ${f.alarm}`,
		hint: "make the detector take what it finds at its start as given, and speak only of changes",
	},
});
