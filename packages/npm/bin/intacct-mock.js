#!/usr/bin/env node
// Runs the program that came with this package; its status and signals are this one's.
'use strict';
const { spawn } = require('node:child_process');
const { program } = require('../index.js');

const child = spawn(program(), process.argv.slice(2), { stdio: 'inherit' });
child.once('error', (error) => {
  console.error(`intacct-mock: ${program()} did not start: ${error.message}`);
  process.exit(3);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('exit', (status, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(status);
});
