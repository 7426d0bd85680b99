// For Vitest: `sandbox` has its verdict checked after the test, and skips the test if its scenario was not put to the test.
import { afterAll, onTestFinished } from 'vitest';
import { sandbox as make, stop } from './index.mjs';

afterAll(stop);

// Registered with the test and not as a hook of the file: with `isolate: false` this module is run for the first file alone.
export async function sandbox(scenario = 'happy-path', context = undefined) {
  const box = await make(scenario);
  (context?.onTestFinished ?? onTestFinished)(async (finished) => {
    if (finished.task.result?.state === 'fail') await box.keep(); // it has failed by itself already
    else await box.check(finished);
  });
  return box;
}
