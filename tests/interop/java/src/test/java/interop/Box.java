package interop;

import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import io.github.intacctmock.IntacctMock;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.UUID;
import javax.net.ssl.*;

/** A sandbox without a verdict, for the tests in which a refusal is what is wanted. */
class Box {
    private static final IntacctMock MOCK = IntacctMock.shared();
    private static final HttpClient PLAIN = HttpClient.newHttpClient();
    static { trustTheMock(); }
    private final String name = "happy-path." + UUID.randomUUID().toString().substring(24);
    final String base;

    Box(String scheme) {
        base = (scheme.equals("http") ? MOCK.http() : MOCK.https()) + "/s/" + name;
    }

    URI at(String path) { return URI.create(base + path); }

    String control(String method, String what, String body) {
        return ask(method, MOCK.http() + "/__mock/sandboxes/" + name + "/" + what, body);
    }

    void thirteenHoursLater() { control("POST", "clock", "{\"advance\":\"13h\"}"); }

    int refusals(String cause) {
        var journal = control("GET", "requests?cause=" + cause, "");
        return Integer.parseInt(journal.replaceAll("(?s)^\\{\"count\":(\\d+).*", "$1"));
    }

    /** What the browser does: goes to the authorize URL, where the mock answers as if jdoe had agreed, and comes back. */
    static URI signIn(URI authorize) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(authorize + "&mock_user=jdoe@acme")).build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
        return URI.create(answer.headers().firstValue("Location").orElseThrow());
    }

    static String ask(String method, String url, String body) {
        try {
            var request = HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.ofString(body)).build();
            var answer = PLAIN.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2)
                throw new AssertionError(method + " " + url + ": " + answer.body());
            return answer.body();
        } catch (java.io.IOException | InterruptedException e) {
            throw new IllegalStateException(url, e);
        }
    }

    /** The same as -Djavax.net.ssl.trustStore=… on the command line, without a file. */
    private static void trustTheMock() {
        try {
            var ca = MOCK.ca().getBytes();
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("mock", CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(ca)));
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            SSLContext.setDefault(context);
            HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
            HTTPRequest.setDefaultSSLSocketFactory(context.getSocketFactory()); // Nimbus asks once, perhaps before this
        } catch (java.security.GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException("the CA of the mock", e);
        }
    }
}
