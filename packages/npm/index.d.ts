/** A mock Sage Intacct OAuth server for tests. For tests only; not affiliated with Sage. */

/** What the server says of the client in one sandbox. */
export interface Verdict {
  outcome: 'passed' | 'failed' | 'skipped';
  /** For people: every expectation, why it was not met, and the exchanges that show it. */
  text: string;
  /** One line: why it was skipped. */
  reason: string;
}

/** What a test's context offers: node:test's `t`, or Vitest's `context`. */
export interface TestContext {
  skip(reason?: string): void;
}

/** Everything behind one base URL: tokens, clock, keys, journal, and how far its scenario has come. */
export interface Sandbox {
  readonly mock: IntacctMock;
  readonly name: string;
  readonly scenario: string;
  readonly baseUrl: string;
  readonly tokenUrl: string;
  readonly authorizeUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly redirectUri: string;
  /** The variables that `intacct-mock run` sets too, for an integration that reads its environment. */
  readonly env: Record<string, string>;
  /** A call of the control API on this sandbox: control('clock', { advance: '12h' }). */
  control(path: string, body?: unknown): Promise<any>;
  verdict(): Promise<Verdict>;
  /** Throws an AssertionError with the verdict's text if the client failed; skips the test if its context is given and
   * the scenario was not put to the test. */
  check(t?: TestContext): Promise<'passed' | 'skipped'>;
  /** Writes verdict and journal into the folder, or that of INTACCT_MOCK_ARTIFACTS; without either, nothing. */
  keep(folder?: string): Promise<void>;
}

/** One server. */
export interface IntacctMock {
  readonly http: string;
  readonly https: string;
  /** A sandbox that follows a scenario: a name, or a whole scenario. With node:test's `t`, it is checked after the test. */
  sandbox(scenario?: string | object, t?: TestContext & { after(fn: () => Promise<unknown>): void }): Promise<Sandbox>;
  verdict(name: string): Promise<Verdict>;
  scenarios(): Promise<string[]>;
  /** The certificate (PEM) to trust for https. */
  ca(): Promise<string>;
  /** Any call of the control API; rejects with the server's words. */
  request(path: string, body?: unknown, accept?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a server on free ports, or uses the one that runs at `url` (INTACCT_MOCK_URL). */
export function start(options?: { url?: string; options?: string[] }): Promise<IntacctMock>;
/** A sandbox of this process's own server, which the first call starts. */
export function sandbox(scenario?: string | object, t?: TestContext & { after(fn: () => Promise<unknown>): void }): Promise<Sandbox>;
/** The verdict on a sandbox of this process's own server. */
export function verdict(name: string): Promise<Verdict>;
/** Ends this process's own server; without it, that ends with the process. */
export function stop(): Promise<void>;
/** The program to run: INTACCT_MOCK, or the one that came with this package, or the one on PATH. */
export function program(): string;
