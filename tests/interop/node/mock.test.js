// How a test suite uses mock.js. The verdict of each scenario says how often one may ask for a token.
import { expect, test } from 'vitest';
import { intacctMock } from './mock.js';

const sandbox = intacctMock();

test('the vendors are read', async () => {
  const vendors = await connect(await sandbox());
  expect(await vendors()).not.toEqual([]);
});

test.each(['access-token-expired', 'access-token-revoked'])('a token is renewed: %s', async (scenario) => {
  const vendors = await connect(await sandbox(scenario));
  await vendors();
  expect(await vendors()).not.toEqual([]);
});

// The integration under test. Yours goes here.
async function connect({ base_url, client_id, client_secret, username }) {
  const ask = async (form) => {
    const body = new URLSearchParams({ client_id, client_secret, ...form });
    return (await fetch(`${base_url}/ia/api/v1/oauth2/token`, { method: 'POST', body })).json();
  };
  const call = () => fetch(`${base_url}/ia/api/v1/objects/accounts-payable/vendor`,
                           { headers: { Authorization: `Bearer ${token.access_token}` } });
  let token = await ask({ grant_type: 'client_credentials', username });

  return async function vendors() {
    let answer = await call();
    if (answer.status === 401) {
      token = await ask({ grant_type: 'refresh_token', refresh_token: token.refresh_token });
      answer = await call();
    }
    return (await answer.json())['ia::result'];
  };
}
