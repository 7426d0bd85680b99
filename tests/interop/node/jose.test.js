// An API that is given an access token of the article's dialect and checks it by itself. (The REST dialect's
// tokens are HS256, signed with a key that only the server has: nobody else can check them.)
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { Place, transports } from './place.js';

const expected = { algorithms: ['RS512'], issuer: 'openam.api', audience: 'api' };

function published(place) {
  // By default an unknown key is not looked up within 30 s after the last time; a test does not wait.
  return createRemoteJWKSet(new URL(`${place.baseUrl}/.well-known/jwks.json`), { cooldownDuration: 0 });
}

async function accessToken(place) {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'demo',
                                     client_secret: 'demo-secret', username: 'ws_user@acme' });
  const answer = await fetch(`${place.baseUrl}/identity/v2/oauth2/token`, { method: 'POST', body });
  return (await answer.json()).access_token;
}

describe.each(transports)('jose over %s', (transport) => {
  test('the signature is checked with the published key', async () => {
    const place = new Place(transport);
    const { payload, protectedHeader } = await jwtVerify(await accessToken(place), published(place), expected);
    expect(protectedHeader.alg).toBe('RS512');
    expect(payload.contract).toBe('full_account');
  });

  test('a token whose claims were changed is not taken', async () => {
    const place = new Place(transport);
    const [header, , signature] = (await accessToken(place)).split('.');
    const payload = (await accessToken(place)).split('.')[1];
    await expect(jwtVerify(`${header}.${payload}.${signature}`, published(place), expected))
      .rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  });

  test('a token is too old after five minutes', async () => {
    const place = new Place(transport);
    await place.advance('-6m');
    await expect(jwtVerify(await accessToken(place), published(place), expected))
      .rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  });

  test('a new key is fetched when it is first seen', async () => {
    const place = new Place(transport);
    const keys = published(place);
    await jwtVerify(await accessToken(place), keys, expected);
    await place.control('keys/rotate', {});
    await jwtVerify(await accessToken(place), keys, expected);
  });
});
