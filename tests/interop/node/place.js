// A sandbox of its own for a test, seen over one transport; and what the test does to it.
// MOCK_HTTP and MOCK_HTTPS are set by `run`, which starts the server.
import { randomUUID } from 'node:crypto';

export const transports = ['http', 'https'];
export const redirectUri = 'http://127.0.0.1:8000/callback'; // any port will do, nobody has to listen there

export class Place {
  constructor(transport) {
    this.origin = transport === 'http' ? process.env.MOCK_HTTP : process.env.MOCK_HTTPS;
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

  // Why requests were refused here, oldest first.
  async causes() {
    return (await this.control('requests')).requests.map((exchange) => exchange.cause).filter(Boolean);
  }

  // What the mock tells the user to do about it.
  async fix(cause) {
    return (await (await fetch(`${this.origin}/__mock/causes/${cause}`)).json()).fix;
  }

  async control(path, body) {
    const post = body && { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${this.origin}/__mock/sandboxes/${this.name}/${path}`, post)).json();
  }
}

export async function callVendors(url, accessToken) {
  return (await fetch(url, { headers: { Authorization: `Bearer ${accessToken}` } })).status;
}

// Where a browser would be sent after sign-in and consent.
export async function signIn(url) {
  return (await fetch(url, { redirect: 'manual' })).headers.get('location');
}
