// A sandbox of its own for a test, seen over one transport; and what the test does to it. Its verdict is not asked for: a
// refusal is what these tests want. `run` starts the server, whose CA must be known before Node.js starts.
import { randomUUID } from 'node:crypto';
import { start } from 'intacct-mock';

export const transports = ['http', 'https'];
export const redirectUri = 'http://127.0.0.1:8000/callback'; // any port will do, nobody has to listen there
const mock = await start();

export class Place {
  constructor(transport) {
    this.origin = mock[transport];
    this.name = `happy-path.${randomUUID()}`;
    this.baseUrl = `${this.origin}/s/${this.name}`;
    this.vendorsUrl = `${this.baseUrl}/ia/api/v1/objects/accounts-payable/vendor`;
  }

  advance(time) {
    return this.control('clock', { advance: time });
  }

  revoke(kind) {
    return this.control('revoke', { kind });
  }

  async policy(switches) {
    const url = `${this.origin}/__mock/sandboxes/${this.name}/policy`;
    await fetch(url, { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(switches) });
  }

  // Why requests were refused here, oldest first.
  async causes() {
    return (await this.control('requests')).requests.map((exchange) => exchange.cause).filter(Boolean);
  }

  // What the mock tells the user to do about it.
  async fix(cause) {
    return JSON.parse(await mock.request(`causes/${cause}`)).fix;
  }

  async control(path, body) {
    return JSON.parse(await mock.request(`sandboxes/${this.name}/${path}`, body));
  }
}

export async function callVendors(url, accessToken) {
  return (await fetch(url, { headers: { Authorization: `Bearer ${accessToken}` } })).status;
}

// Where a browser would be sent after sign-in and consent.
export async function signIn(url) {
  return (await fetch(url, { redirect: 'manual' })).headers.get('location');
}
