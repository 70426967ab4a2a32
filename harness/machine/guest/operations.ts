// SPDX-License-Identifier: Apache-2.0
import type { Static } from "@sinclair/typebox";
import { attachOperations } from "./operations/attach-operations.js";
import { bpfOperations } from "./operations/bpf-operations.js";
import { fileOperations } from "./operations/file-operations.js";
import { keyOperations } from "./operations/key-operations.js";
import { mapOperations } from "./operations/map-operations.js";
import { networkOperations } from "./operations/network-operations.js";
import { objectOperations } from "./operations/object-operations.js";
import { runOperations } from "./operations/run-operations.js";
import { sessionOperations } from "./operations/session-operations.js";
import { userOperations } from "./operations/user-operations.js";

export type { SocketCall } from "./operations/network-operations.js";
export type { MapLoad, ProgramInfo, ProgramLoad } from "./operations/object-operations.js";
export type { MapChange, ProgramCoverage, TestRun } from "./operations/run-operations.js";
export { GuestFailure, type MapEntry } from "./operations/schema.js";
export type { Inventory } from "./operations/session-operations.js";

/** The agent's operations with schemas; operations.test.ts compares with agent/op_*.c. */
export const operations = {
	...sessionOperations,
	...fileOperations,
	...objectOperations,
	...runOperations,
	...mapOperations,
	...attachOperations,
	...networkOperations,
	...bpfOperations,
	...userOperations,
	...keyOperations,
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Args<N extends OperationName> = Static<Operations[N]["args"]>;
export type Result<N extends OperationName> = Static<Operations[N]["result"]>;
