import intacctMock from './index.js';

export const { IntacctMock, Sandbox, program, sandbox, start, stop, verdict } = intacctMock;
