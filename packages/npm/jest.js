// For Jest: `sandbox` checks its verdict after the test. Jest cannot skip a test that has begun: what was not put to the
// test is said on standard error, or is a failure with INTACCT_MOCK_REQUIRE_ALL=on.
'use strict';
/* global afterAll, afterEach */
const { sandbox: make, stop } = require('./index.js');

let boxes = [];

afterEach(async () => {
  const made = boxes;
  boxes = [];
  for (const box of made) await box.check();
});

afterAll(stop);

exports.sandbox = async function sandbox(scenario = 'happy-path') {
  const box = await make(scenario);
  boxes.push(box);
  return box;
};
