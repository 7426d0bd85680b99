// For Vitest: `sandbox` checks its verdict after the test, and skips the test if its scenario was not put to the test.
import { afterAll, afterEach } from 'vitest';
import { sandbox as make, stop } from './index.mjs';

let boxes = [];

afterEach(async (context) => {
  const made = boxes;
  boxes = [];
  for (const box of made) {
    if (context.task.result?.state === 'fail') await box.keep(); // it has failed by itself already
    else await box.check(context);
  }
});

afterAll(stop);

export async function sandbox(scenario = 'happy-path') {
  const box = await make(scenario);
  boxes.push(box);
  return box;
}
