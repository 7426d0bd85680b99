package interop;

import static org.junit.jupiter.api.Assertions.*;
import static org.springframework.security.oauth2.core.ClientAuthenticationMethod.*;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpStatusCode;
import org.springframework.security.oauth2.client.*;
import org.springframework.security.oauth2.client.endpoint.*;
import org.springframework.security.oauth2.client.registration.*;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.*;
import org.springframework.security.oauth2.core.endpoint.*;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.web.client.RestClient;
import org.springframework.web.util.UriComponentsBuilder;

@DisplayName("Spring Security")
class SpringTest {
    private static final String CALLBACK = "http://127.0.0.1/callback";

    @ParameterizedTest(name = "over {0}: client credentials: first token, a call, a new token after expiry")
    @ValueSource(strings = {"http", "https"})
    void clientCredentials(String scheme) {
        var box = new Box(scheme);
        var registration = registration(box, AuthorizationGrantType.CLIENT_CREDENTIALS).build();
        var first = clientCredentials(registration, null);
        assertEquals(200, call(box, first));
        box.thirteenHoursLater();
        assertEquals(401, call(box, first));
        assertEquals(200, call(box, clientCredentials(registration, first)));
    }

    @ParameterizedTest(name = "over {0}: authorization code with PKCE: first token, a call, a refresh after expiry")
    @ValueSource(strings = {"http", "https"})
    void authorizationCode(String scheme) throws Exception {
        var box = new Box(scheme);
        var first = signedIn(box, registration(box, AuthorizationGrantType.AUTHORIZATION_CODE).build());
        assertEquals(200, call(box, first));
        box.thirteenHoursLater();
        assertEquals(401, call(box, first));
        assertEquals(200, call(box, refreshed(first)));
    }

    @ParameterizedTest(name = "over {0}: a revoked refresh token is invalid_grant")
    @ValueSource(strings = {"http", "https"})
    void revoked(String scheme) throws Exception {
        var box = new Box(scheme);
        var client = signedIn(box, registration(box, AuthorizationGrantType.AUTHORIZATION_CODE).build());
        box.control("POST", "revoke", "{\"kind\":\"refresh\"}");
        assertRefused("invalid_grant", () -> refreshed(client));
    }

    /** RFC 6749 5.2 lets a server answer invalid_client with 401, but Spring reads the error's code from a 400 only. */
    @ParameterizedTest(name = "over {0}: a wrong secret is a 401 whose body says invalid_client")
    @ValueSource(strings = {"http", "https"})
    void wrongSecret(String scheme) {
        var box = new Box(scheme);
        var registration = registration(box, AuthorizationGrantType.CLIENT_CREDENTIALS).clientSecret("wrong").build();
        var refused = assertThrows(OAuth2AuthorizationException.class, () -> clientCredentials(registration, null));
        assertEquals("invalid_token_response", refused.getError().getErrorCode());
        assertTrue(refused.getMessage().contains("401") && refused.getMessage().contains("invalid_client"), refused.getMessage());
        assertEquals(1, box.refusals("client-secret-wrong"));
    }

    /** Spring's default is HTTP Basic, which Sage was seen to take for the code but not on a refresh; so does the mock. */
    @Test @DisplayName("its default, client_secret_basic, redeems the code, its refresh is refused, and the hint names the fix")
    void basic() throws Exception {
        var box = new Box("http");
        var registration = registration(box, AuthorizationGrantType.AUTHORIZATION_CODE).clientAuthenticationMethod(CLIENT_SECRET_BASIC);
        var client = signedIn(box, registration.build());
        assertRefused("invalid_client", () -> refreshed(client));
        assertTrue(box.control("GET", "requests?cause=client-auth-in-header-on-refresh", "").contains("client_secret_post"));
    }

    private static ClientRegistration.Builder registration(Box box, AuthorizationGrantType grant) {
        return ClientRegistration.withRegistrationId("intacct").clientId("demo").clientSecret("demo-secret")
            .clientAuthenticationMethod(CLIENT_SECRET_POST).authorizationGrantType(grant).redirectUri(CALLBACK).scope("offline_access")
            .authorizationUri(box.at("/ia/api/v1/oauth2/authorize").toString()).tokenUri(box.at("/ia/api/v1/oauth2/token").toString());
    }

    private static OAuth2AuthorizedClient clientCredentials(ClientRegistration registration, OAuth2AuthorizedClient stale) {
        var tokens = new RestClientClientCredentialsTokenResponseClient();
        tokens.addParametersConverter(grant -> { // Sage's own: who the token is for
            var more = new LinkedMultiValueMap<String, String>();
            more.add("username", "ws_user@acme");
            return more;
        });
        var provider = new ClientCredentialsOAuth2AuthorizedClientProvider();
        provider.setAccessTokenResponseClient(tokens);
        provider.setClock(thirteenHoursFromNow());
        return provider.authorize(context(registration, stale));
    }

    /** The whole flow; in an application, oauth2Login() or oauth2Client() of Spring Security does these steps. */
    private static OAuth2AuthorizedClient signedIn(Box box, ClientRegistration registration) throws Exception {
        var request = OAuth2AuthorizationRequest.authorizationCode().clientId("demo").redirectUri(CALLBACK).state("state-1")
            .scopes(registration.getScopes()).authorizationUri(registration.getProviderDetails().getAuthorizationUri());
        OAuth2AuthorizationRequestCustomizers.withPkce().accept(request);
        var asked = request.build();
        var back = UriComponentsBuilder.fromUri(Box.signIn(URI.create(asked.getAuthorizationRequestUri()))).build().getQueryParams();
        assertEquals("state-1", back.getFirst("state"));
        var answered = OAuth2AuthorizationResponse.success(back.getFirst("code")).redirectUri(CALLBACK).state("state-1").build();
        var tokens = new RestClientAuthorizationCodeTokenResponseClient().getTokenResponse(
            new OAuth2AuthorizationCodeGrantRequest(registration, new OAuth2AuthorizationExchange(asked, answered)));
        return new OAuth2AuthorizedClient(registration, "jdoe", tokens.getAccessToken(), tokens.getRefreshToken());
    }

    private static OAuth2AuthorizedClient refreshed(OAuth2AuthorizedClient stale) {
        var provider = new RefreshTokenOAuth2AuthorizedClientProvider();
        provider.setClock(thirteenHoursFromNow());
        return provider.authorize(context(stale.getClientRegistration(), stale));
    }

    private static OAuth2AuthorizationContext context(ClientRegistration registration, OAuth2AuthorizedClient stale) {
        var context = stale == null ? OAuth2AuthorizationContext.withClientRegistration(registration)
            : OAuth2AuthorizationContext.withAuthorizedClient(stale);
        return context.principal(new org.springframework.security.authentication.TestingAuthenticationToken("ws_user", null)).build();
    }

    /** Spring renews a token by its own clock, so that has to move together with the clock of the mock. */
    private static Clock thirteenHoursFromNow() { return Clock.offset(Clock.systemUTC(), Duration.ofHours(13)); }

    private static int call(Box box, OAuth2AuthorizedClient client) {
        return RestClient.create().get().uri(box.at(NimbusTest.VENDORS))
            .headers(headers -> headers.setBearerAuth(client.getAccessToken().getTokenValue()))
            .retrieve().onStatus(HttpStatusCode::isError, (request, answer) -> { }).toBodilessEntity().getStatusCode().value();
    }

    private static void assertRefused(String code, org.junit.jupiter.api.function.Executable attempt) {
        assertEquals(code, assertThrows(OAuth2AuthorizationException.class, attempt).getError().getErrorCode());
    }
}
