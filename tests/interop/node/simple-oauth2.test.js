// Here the sandbox is named by the client id, as a product does whose base URL cannot have a path.
import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { describe, expect, test } from 'vitest';
import { Place, callVendors, redirectUri, signIn, transports } from './place.js';

const username = 'ws_user@acme'; // Intacct's extra field

function settings(place, options = { authorizationMethod: 'body' }, secret = 'demo-secret') {
  return {
    client: { id: `demo~${place.name}`, secret },
    auth: {
      tokenHost: place.origin,
      tokenPath: '/ia/api/v1/oauth2/token',
      revokePath: '/ia/api/v1/oauth2/revoke',
    },
    options, // its default, 'header', is HTTP Basic, which Intacct is reported to refuse on a refresh
  };
}

function vendors(place, access) {
  return callVendors(`${place.origin}/ia/api/v1/objects/accounts-payable/vendor`, access.token.access_token);
}

function refused(error) {
  return { data: { payload: { error } } };
}

describe.each(transports)('simple-oauth2 over %s', (transport) => {
  test('first token and a call', async () => {
    const place = new Place(transport);
    const access = await new ClientCredentials(settings(place)).getToken({ username });
    expect(access.expired()).toBe(false);
    expect(await vendors(place, access)).toBe(200);
  });

  test('an expired token is refreshed and the call repeated', async () => {
    const place = new Place(transport);
    let access = await new ClientCredentials(settings(place)).getToken({ username });
    await place.advance('13h');
    expect(await vendors(place, access)).toBe(401);
    access = await access.refresh();
    expect(await vendors(place, access)).toBe(200);
    expect(await place.causes()).toEqual(['access-token-expired']);
  });

  test('a revoked refresh token is an invalid_grant', async () => {
    const place = new Place(transport);
    const access = await new ClientCredentials(settings(place)).getToken({ username });
    await place.revoke('refresh');
    await expect(access.refresh()).rejects.toMatchObject(refused('invalid_grant'));
    expect(await place.causes()).toEqual(['refresh-token-revoked']);
  });

  test('a wrong secret is an invalid_client', async () => {
    const place = new Place(transport);
    const client = new ClientCredentials(settings(place, { authorizationMethod: 'body' }, 'wrong'));
    await expect(client.getToken({ username })).rejects.toMatchObject(refused('invalid_client'));
    expect(await place.causes()).toEqual(['client-secret-wrong']);
  });

  test('its default of HTTP Basic fails on refresh and the hint says what to change', async () => {
    const place = new Place(transport);
    const access = await new ClientCredentials(settings(place, {})).getToken({ username });
    await expect(access.refresh()).rejects.toMatchObject(refused('invalid_client'));
    expect(await place.causes()).toEqual(['client-auth-in-header-on-refresh']);
    expect(await place.fix('client-auth-in-header-on-refresh')).toContain('into the body of every token request');
  });

  test('its body in JSON is read as well', async () => {
    const place = new Place(transport);
    const options = { authorizationMethod: 'body', bodyFormat: 'json' };
    const access = await new ClientCredentials(settings(place, options)).getToken({ username });
    expect(await vendors(place, await access.refresh())).toBe(200);
  });

  test('an authorization code with PKCE, and disconnecting', async () => {
    const place = new Place(transport);
    const { auth, ...others } = settings(place);
    const authorizePath = '/ia/api/v1/oauth2/authorize';
    const client = new AuthorizationCode({ auth: { ...auth, authorizePath }, ...others });
    const verifier = randomBytes(32).toString('base64url');
    const url = client.authorizeURL({
      redirect_uri: redirectUri,
      scope: 'offline_access',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      mock_user: 'jdoe@acme',
    });
    const code = new URL(await signIn(url)).searchParams.get('code');
    const access = await client.getToken({ code, redirect_uri: redirectUri, code_verifier: verifier });
    expect(await vendors(place, access)).toBe(200);

    await access.revoke('refresh_token');
    expect(await vendors(place, access)).toBe(401);
  });
});
