package interop;

import static org.junit.jupiter.api.Assertions.*;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.*;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import org.junit.jupiter.api.*;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Nimbus")
class NimbusTest {
    static final String VENDORS = "/ia/api/v1/objects/accounts-payable/vendor";

    @ParameterizedTest(name = "over {0}: client credentials: first token, a call, a new token after expiry")
    @ValueSource(strings = {"http", "https"})
    void clientCredentials(String scheme) throws Exception {
        var box = new Box(scheme);
        var client = new Nimbus(box.base, Nimbus.inBody("demo-secret")).clientCredentials();
        assertEquals(200, client.call(VENDORS));
        box.thirteenHoursLater();
        assertEquals(200, client.call(VENDORS));
        assertEquals(1, box.refusals("access-token-expired"));
    }

    @ParameterizedTest(name = "over {0}: authorization code with PKCE: first token, a call, a refresh after expiry")
    @ValueSource(strings = {"http", "https"})
    void authorizationCode(String scheme) throws Exception {
        var box = new Box(scheme);
        var client = new Nimbus(box.base, Nimbus.inBody("demo-secret")).authorizationCode();
        assertEquals(200, client.call(VENDORS));
        box.thirteenHoursLater();
        assertEquals(200, client.call(VENDORS));
        assertEquals(1, box.refusals("access-token-expired"));
    }

    @ParameterizedTest(name = "over {0}: a revoked refresh token is invalid_grant")
    @ValueSource(strings = {"http", "https"})
    void revoked(String scheme) throws Exception {
        var box = new Box(scheme);
        var client = new Nimbus(box.base, Nimbus.inBody("demo-secret")).authorizationCode();
        box.control("POST", "revoke", "{\"kind\":\"refresh\"}");
        assertRefused("invalid_grant", client::refresh);
        assertEquals(1, box.refusals("refresh-token-revoked"));
    }

    @ParameterizedTest(name = "over {0}: a wrong secret is invalid_client, in the body and in the header")
    @ValueSource(strings = {"http", "https"})
    void wrongSecret(String scheme) {
        var box = new Box(scheme);
        assertRefused("invalid_client", () -> new Nimbus(box.base, Nimbus.inBody("wrong")).clientCredentials());
        assertRefused("invalid_client", () -> new Nimbus(box.base, Nimbus.inHeader("wrong")).authorizationCode());
        assertEquals(2, box.refusals("client-secret-wrong"));
    }

    @Test @DisplayName("a wrong PKCE verifier is invalid_grant")
    void wrongVerifier() {
        var box = new Box("http");
        var client = new Nimbus(box.base, Nimbus.inBody("demo-secret"));
        assertRefused("invalid_grant", () ->
            client.authorizationCode(box.at("/ia/api/v1/oauth2/authorize"), new CodeVerifier(), new CodeVerifier()));
    }

    /** Sage was seen to take HTTP Basic for the code but not on a refresh; the mock does the same. */
    @Test @DisplayName("ClientSecretBasic redeems the code, its refresh is refused, and the hint names the fix")
    void basic() throws Exception {
        var box = new Box("http");
        var client = new Nimbus(box.base, Nimbus.inHeader("demo-secret")).authorizationCode();
        assertRefused("invalid_client", client::refresh);
        assertEquals(1, box.refusals("client-auth-in-header-on-refresh"));
        assertTrue(box.control("GET", "requests?cause=client-auth-in-header-on-refresh", "").contains("client_secret_post"));
    }

    @ParameterizedTest(name = "over {0}: the addresses come from discovery")
    @ValueSource(strings = {"http", "https"})
    void discovery(String scheme) throws Exception {
        var box = new Box(scheme);
        var provider = OIDCProviderMetadata.resolve(new Issuer(box.base));
        assertEquals(box.at("/ia/api/v1/oauth2/token"), provider.getTokenEndpointURI());
        var client = new Nimbus(box.base, Nimbus.inBody("demo-secret"));
        client.authorizationCode(provider.getAuthorizationEndpointURI(), new CodeVerifier(), null);
        assertEquals(200, client.call(VENDORS));
    }

    @ParameterizedTest(name = "over {0}: an RS512 token is checked with the key of its kid, a foreign one is refused")
    @ValueSource(strings = {"http", "https"})
    void keys(String scheme) throws Exception {
        var box = new Box(scheme);
        var keys = JWKSourceBuilder.<SecurityContext>create(box.at("/.well-known/jwks.json").toURL()).rateLimited(false).build();
        var processor = new DefaultJWTProcessor<>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS512, keys));
        assertEquals("openam.api", processor.process(minted(box, ""), null).getIssuer());
        box.control("POST", "keys/rotate", "");
        assertEquals("openam.api", processor.process(minted(box, ""), null).getIssuer());
        assertThrows(BadJOSEException.class, () -> processor.process(minted(box, ",\"flaw\":\"unknown-key\""), null));
        assertThrows(BadJOSEException.class, () -> processor.process(minted(box, ",\"flaw\":\"bad-signature\""), null));
    }

    /** A token of the article's dialect: only those are signed with a key that is published. */
    private static String minted(Box box, String flaw) {
        var answer = box.control("POST", "tokens", "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\",\"dialect\":\"article\"" + flaw + "}");
        return answer.replaceAll("(?s).*\"access_token\":\"([^\"]*)\".*", "$1");
    }

    static void assertRefused(String code, Executable attempt) {
        assertEquals(code, assertThrows(GeneralException.class, attempt).getErrorObject().getCode());
    }
}
