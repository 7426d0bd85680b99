package interop;

import java.net.URI;
import java.net.http.*;
import java.util.UUID;
import org.junit.jupiter.api.extension.*;

/** The fixture: one server for all tests, and for each test a sandbox with a verdict on the client at its end. */
class IntacctMock implements BeforeEachCallback, AfterEachCallback {
    static final String[] READY = start(); // intacct-mock VERSION ready HTTP HTTPS …
    private final String scenario;
    private String name;

    IntacctMock(String scenario) { this.scenario = scenario; }

    String baseUrl() { return READY[3] + "/s/" + name; }

    @Override public void beforeEach(ExtensionContext context) { name = scenario + "." + UUID.randomUUID().toString().substring(24); }

    @Override public void afterEach(ExtensionContext context) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(READY[3] + "/__mock/sandboxes/" + name + "/verdict"));
        var verdict = HttpClient.newHttpClient()
            .send(request.header("Accept", "text/plain").build(), HttpResponse.BodyHandlers.ofString()).body();
        if (!verdict.startsWith(scenario + ": met "))
            throw new AssertionError(verdict);
    }

    private static String[] start() {
        try {
            var mock = new ProcessBuilder(System.getenv("INTACCT_MOCK"), "--port=0", "--https-port=0", "--log-level=warn").start();
            Runtime.getRuntime().addShutdownHook(new Thread(mock::destroy));
            return mock.inputReader().readLine().split(" ");
        } catch (java.io.IOException e) {
            throw new IllegalStateException("INTACCT_MOCK does not start", e);
        }
    }
}
