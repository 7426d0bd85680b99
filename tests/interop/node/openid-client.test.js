import * as client from 'openid-client';
import { describe, expect, test } from 'vitest';
import { Place, callVendors, redirectUri, signIn, transports } from './place.js';

const username = 'ws_user@acme'; // Intacct's extra field

async function discover(place, id = 'demo', auth = client.ClientSecretPost('demo-secret')) {
  const execute = place.baseUrl.startsWith('http:') ? [client.allowInsecureRequests] : [];
  return client.discovery(new URL(place.baseUrl), id, undefined, auth, { execute });
}

describe.each(transports)('openid-client over %s', (transport) => {
  test('discovery, first token and a call', async () => {
    const place = new Place(transport);
    const config = await discover(place);
    expect(config.serverMetadata().issuer).toBe(place.baseUrl);
    const token = await client.clientCredentialsGrant(config, { username });
    expect(token.expires_in).toBe(43200);
    const answer = await client.fetchProtectedResource(config, token.access_token, new URL(place.vendorsUrl), 'GET');
    expect(answer.status).toBe(200);
  });

  test('an expired token is refreshed and the call repeated', async () => {
    const place = new Place(transport);
    const config = await discover(place);
    let token = await client.clientCredentialsGrant(config, { username });
    await place.advance('13h');
    expect(await callVendors(place.vendorsUrl, token.access_token)).toBe(401);
    token = await client.refreshTokenGrant(config, token.refresh_token);
    expect(await callVendors(place.vendorsUrl, token.access_token)).toBe(200);
    expect(await place.causes()).toEqual(['access-token-expired']);
  });

  test('a revoked refresh token is an invalid_grant', async () => {
    const place = new Place(transport);
    const config = await discover(place);
    const token = await client.clientCredentialsGrant(config, { username });
    await place.revoke('refresh');
    await expect(client.refreshTokenGrant(config, token.refresh_token))
      .rejects.toMatchObject({ name: 'ResponseBodyError', error: 'invalid_grant' });
    expect(await place.causes()).toEqual(['refresh-token-revoked']);
  });

  test('a wrong secret is a challenge, and an invalid_client without policy challenge', async () => {
    const place = new Place(transport);
    const config = await discover(place, 'demo', client.ClientSecretPost('wrong'));
    await expect(client.clientCredentialsGrant(config, { username }))
      .rejects.toMatchObject({ name: 'WWWAuthenticateChallengeError', status: 401 });
    await place.policy({ challenge: false });
    await expect(client.clientCredentialsGrant(config, { username }))
      .rejects.toMatchObject({ name: 'ResponseBodyError', error: 'invalid_client' });
    expect(await place.causes()).toEqual(['client-secret-wrong', 'client-secret-wrong']);
  });

  test('without the extra field username it does not understand the answer, and the hint names the field', async () => {
    const place = new Place(transport);
    const config = await discover(place);
    const error = await client.clientCredentialsGrant(config).catch((error) => error);
    expect(error.code).toBe('OAUTH_RESPONSE_IS_NOT_CONFORM');
    expect(error.cause.headers.get('x-intacct-mock-cause')).toBe('username-missing');
    expect(await place.fix('username-missing')).toContain('username');
  });

  test('an authorization code with PKCE', async () => {
    const place = new Place(transport);
    const config = await discover(place, 'demo-public', client.None());
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'offline_access',
      state,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      mock_user: 'jdoe@acme',
    });
    const callback = new URL(await signIn(url));
    let token = await client.authorizationCodeGrant(config, callback,
                                                    { pkceCodeVerifier: verifier, expectedState: state });
    expect(await callVendors(place.vendorsUrl, token.access_token)).toBe(200);

    await place.advance('13h');
    token = await client.refreshTokenGrant(config, token.refresh_token);
    expect(await callVendors(place.vendorsUrl, token.access_token)).toBe(200);
  });
});
