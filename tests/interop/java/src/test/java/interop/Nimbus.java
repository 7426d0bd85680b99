package interop;

import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.oauth2.sdk.token.*;
import java.net.URI;

/** A small integration on the Nimbus SDK: it renews a refused token once and repeats the call once. */
class Nimbus {
    static final ClientID ID = new ClientID("demo");
    static final URI CALLBACK = URI.create("http://127.0.0.1/callback");
    private final String base;
    private final ClientAuthentication client;
    Tokens tokens;

    Nimbus(String base, ClientAuthentication client) {
        this.base = base;
        this.client = client;
    }

    static ClientAuthentication inBody(String secret) { return new ClientSecretPost(ID, new Secret(secret)); }

    static ClientAuthentication inHeader(String secret) { return new ClientSecretBasic(ID, new Secret(secret)); }

    Nimbus clientCredentials() throws Exception {
        return take(request(new ClientCredentialsGrant()).customParameter("username", "ws_user@acme"));
    }

    Nimbus authorizationCode() throws Exception {
        return authorizationCode(URI.create(base + "/ia/api/v1/oauth2/authorize"), new CodeVerifier(), null);
    }

    Nimbus authorizationCode(URI endpoint, CodeVerifier announced, CodeVerifier other) throws Exception {
        var state = new State();
        var authorize = new AuthorizationRequest.Builder(ResponseType.CODE, ID).endpointURI(endpoint).redirectionURI(CALLBACK)
            .scope(new Scope("offline_access")).state(state).codeChallenge(announced, CodeChallengeMethod.S256).build();
        var back = AuthorizationResponse.parse(Box.signIn(authorize.toURI())).toSuccessResponse();
        if (!state.equals(back.getState()))
            throw new IllegalStateException("not the state that was sent");
        return take(request(new AuthorizationCodeGrant(back.getAuthorizationCode(), CALLBACK, other == null ? announced : other)));
    }

    void refresh() throws Exception {
        take(request(new RefreshTokenGrant(tokens.getRefreshToken())));
    }

    int call(String path) throws Exception {
        int status = once(path);
        if (status != 401)
            return status;
        if (tokens.getRefreshToken() == null)
            clientCredentials();
        else
            refresh();
        return once(path);
    }

    int once(String path) throws Exception {
        var call = new HTTPRequest(HTTPRequest.Method.GET, URI.create(base + path));
        call.setAuthorization(tokens.getAccessToken().toAuthorizationHeader());
        return call.send().getStatusCode();
    }

    private TokenRequest.Builder request(AuthorizationGrant grant) {
        return new TokenRequest.Builder(URI.create(base + "/ia/api/v1/oauth2/token"), client, grant);
    }

    private Nimbus take(TokenRequest.Builder request) throws Exception {
        var answer = TokenResponse.parse(request.build().toHTTPRequest().send());
        if (!answer.indicatesSuccess())
            throw new GeneralException(answer.toErrorResponse().getErrorObject());
        tokens = answer.toSuccessResponse().getTokens();
        return this;
    }
}
