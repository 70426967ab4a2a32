// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { GuestFailure, OperationName } from "./operations.js";

/** An operation failed: the guest's kernel or libbpf refused it. The channel stays usable. */
export class GuestError extends Error {
	override name = "GuestError";
	readonly errno: number;
	/** `EACCES` */
	readonly errnoName: string;
	/** What the agent was doing when it failed. */
	readonly what: string;
	/** libbpf's messages; may be empty. */
	readonly log: string;

	constructor(
		readonly op: OperationName,
		failure: GuestFailure,
	) {
		super(`${op}: ${failure.what}: ${errnoName(failure.errno)}`);
		this.errno = failure.errno;
		this.errnoName = errnoName(failure.errno);
		this.what = failure.what;
		this.log = failure.log ?? "";
	}
}
