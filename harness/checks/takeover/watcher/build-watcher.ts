// SPDX-License-Identifier: Apache-2.0
export const watcherPath = (arch: string) => `build/watcher/${arch}/watch-hooks`;
