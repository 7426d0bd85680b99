# frozen_string_literal: true

# The gem oauth2, set up as its documentation shows, against the mock over HTTP and over HTTPS.
gem 'oauth2', '1.4.4' # the client under test
gem 'jwt', '2.5.0'    # checks the signature of an access token against the published keys

require_relative 'intacct_mock'
require_relative 'tap'
require 'digest'
require 'json'
require 'jwt'
require 'oauth2'
require 'securerandom'

module Stories
  include IntacctMock

  VENDORS = '/ia/api/v1/objects/accounts-payable/vendor'
  REDIRECT = 'http://127.0.0.1/callback'
  # Plain paths replace the path of `site`, so it is the client id that leads to the test's sandbox.
  REST = { token_url: '/ia/api/v1/oauth2/token', authorize_url: '/ia/api/v1/oauth2/authorize',
           redirect_uri: REDIRECT }.freeze

  def test_first_token_a_call
    token = first_token(client)
    assert_equal 12 * 3600, token.expires_in
    assert_equal 200, token.get(VENDORS).status
  end

  def test_expiry_a_new_token_the_call_repeated
    sandbox('access-token-expired')
    token = first_token(client)
    token.get(VENDORS)
    # the scenario lets thirteen hours pass before the second call
    assert_equal 401, refusal { token.get(VENDORS) }.response.status
    # as RFC 6749 section 4.4.3 suggests, the gem keeps no refresh token of this grant
    assert_nil token.refresh_token
    assert_equal 200, first_token(client).get(VENDORS).status
  end

  def test_expiry_refresh_the_call_repeated
    sandbox('access-token-expired')
    token = signed_in(client)
    token.get(VENDORS)
    assert_equal 401, refusal { token.get(VENDORS) }.response.status
    assert_equal 200, token.refresh!.get(VENDORS).status
  end

  def test_a_revoked_refresh_token_is_invalid_grant
    sandbox('refresh-token-revoked')
    token = signed_in(client)
    token.get(VENDORS)
    # the scenario revokes the whole connection before the second call
    assert_equal 401, refusal { token.get(VENDORS) }.response.status
    assert_equal 'invalid_grant', refusal { token.refresh! }.code
  end

  def test_a_wrong_secret_is_invalid_client
    sandbox('client-secret-wrong')
    assert_equal 'invalid_client', refusal { first_token(client('demo', 'mistyped')) }.code
  end

  # No OAuth library sends a username by itself, and the refusal is not in OAuth's words.
  def test_no_username_is_refused_and_the_journal_says_what_to_do
    assert_includes refusal { client.client_credentials.get_token }.message, 'GW-0012'
    assert_includes fix('username-missing'), 'Add username=USER@COMPANY'
    assert_equal 200, first_token(client).get(VENDORS).status
  end

  # The gem has no word for a client without a secret; this scheme sends the client id alone.
  def test_authorization_code_with_pkce_without_a_secret
    token = signed_in(client('demo-public', nil, auth_scheme: :tls_client_auth))
    assert_equal 200, token.get(VENDORS).status
    assert_equal 200, token.refresh!.get(VENDORS).status
  end

  def test_a_code_with_the_wrong_verifier_is_invalid_grant
    assert_equal 'invalid_grant', refusal { signed_in(client, verifier: SecureRandom.hex(32)) }.code
    assert_equal 200, signed_in(client).get(VENDORS).status
  end

  def test_discovery_leads_to_a_token
    found = published('openid-configuration')
    options = { token_url: found[:token_endpoint], authorize_url: found[:authorization_endpoint] }
    assert_equal 200, signed_in(client('demo', 'demo-secret', options)).get(VENDORS).status
  end

  def test_the_published_keys_check_a_signature
    token = first_token(client('demo', 'demo-secret', token_url: '/identity/v2/oauth2/token'))
    check = { algorithms: ['RS512'], jwks: published('jwks.json'), aud: 'api', verify_aud: true }
    assert_equal 'openam.api', JWT.decode(token.token, nil, true, check).first['iss']
    head, _, signature = token.token.rpartition('.')
    assert_raises(JWT::VerificationError) { JWT.decode("#{head}.#{signature.reverse}", nil, true, check) }
    assert_equal 200, token.get('/api/v1/Vendor').status
  end

  # Intacct wants client id and secret of a refresh in the body, which is this gem's default.
  def test_basic_on_a_refresh_is_refused_and_the_journal_says_what_to_do
    token = signed_in(client('demo', 'demo-secret', auth_scheme: :basic_auth))
    assert_equal 'invalid_client', refusal { token.refresh! }.code
    said = fix('client-auth-in-header-on-refresh')
    assert_includes said, 'Put client_id and client_secret into the body'
    assert_equal 200, OAuth2::AccessToken.from_hash(client, token.to_hash).refresh!.get(VENDORS).status
  end

  private

  def client(id = 'demo', secret = 'demo-secret', options = {})
    OAuth2::Client.new("#{id}~#{sandbox}", secret, REST.merge(site: address, ssl: SSL.dup, **options))
  end

  def first_token(client)
    client.client_credentials.get_token('username' => 'ws_user@acme')
  end

  # What a browser does for a person who is signed in and accepts, and the exchange of the code.
  def signed_in(client, verifier: nil)
    right = SecureRandom.urlsafe_base64(32)
    challenge = Base64.urlsafe_encode64(Digest::SHA256.digest(right), padding: false)
    url = client.auth_code.authorize_url(scope: 'offline_access', state: 'here', mock_user: 'jdoe@acme',
                                         code_challenge: challenge, code_challenge_method: 'S256')
    query = URI(client.connection.get(url).headers['location']).query
    code, state = URI.decode_www_form(query).to_h.values_at('code', 'state')
    assert_equal 'here', state
    client.auth_code.get_token(code, 'code_verifier' => verifier || right)
  end

  # The refusal as the gem hands it to the program that uses it.
  def refusal(&block)
    assert_raises(OAuth2::Error, &block)
  end

  # What the journal advises whoever was refused for this cause.
  def fix(cause)
    JSON.parse(IntacctMock.get("/__mock/sandboxes/#{sandbox}/requests?cause=#{cause}"))['requests'][0]['fix']
  end

  def published(document)
    answer = Faraday.new("#{address}/s/#{sandbox}/", ssl: SSL.dup).get(".well-known/#{document}")
    JSON.parse(answer.body, symbolize_names: true)
  end
end

class Over_http < Minitest::Test
  include Stories

  def address
    HTTP
  end
end

class Over_https < Minitest::Test
  include Stories

  def address
    HTTPS
  end
end

Tap.only('ruby oauth2')
