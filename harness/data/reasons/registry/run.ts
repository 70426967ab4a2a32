// SPDX-License-Identifier: Apache-2.0
import { defineReasons } from "./define.js";

/** Why a case was not run, or counts differently from what it found. */
export const runReasons = defineReasons({});
