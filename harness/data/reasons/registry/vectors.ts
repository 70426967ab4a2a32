// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** What the vectors check says of packets, maps and coverage. */
export const vectorReasons = defineReasons({});
