import type { Sandbox } from './index.js';

/** A sandbox for the test at hand; its verdict is checked after the test. */
export function sandbox(scenario?: string | object): Promise<Sandbox>;
