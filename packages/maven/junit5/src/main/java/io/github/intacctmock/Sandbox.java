package io.github.intacctmock;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.opentest4j.TestAbortedException;

/** Everything behind one base URL: tokens, clock, keys, journal, and how far its scenario has come. */
public final class Sandbox {
    private static final String[][] KEPT = {
        {"verdict.txt", "verdict", "text/plain"}, {"junit.xml", "verdict", "application/xml"},
        {"journal.json", "requests", "*/*"}, {"har", "requests.har", "*/*"}};

    private final IntacctMock mock;
    private final String json;

    Sandbox(IntacctMock mock, String json) {
        this.mock = mock;
        this.json = json;
    }

    /** {@return its name, SCENARIO.KEY} */
    public String name() { return Verdict.string(json, "name"); }

    /** {@return the scenario that it follows} */
    public String scenario() { return Verdict.string(json, "scenario"); }

    /** {@return what stands in place of https://api.intacct.com} */
    public String baseUrl() { return Verdict.string(json, "base_url"); }

    /** {@return where tokens are asked for} */
    public String tokenUrl() { return baseUrl() + "/ia/api/v1/oauth2/token"; }

    /** {@return where a browser signs in} */
    public String authorizeUrl() { return baseUrl() + "/ia/api/v1/oauth2/authorize"; }

    /** {@return the client's id; it leads here also where a base URL can carry no path} */
    public String clientId() { return Verdict.string(json, "client_id"); }

    /** {@return the client's secret} */
    public String clientSecret() { return Verdict.string(json, "client_secret"); }

    /** {@return a Web Services user, for client_credentials} */
    public String username() { return Verdict.string(json, "username"); }

    /** {@return a registered redirect URI} */
    public String redirectUri() { return Verdict.string(json, "redirect_uri"); }

    /** {@return the variables that `intacct-mock run` sets too, for an integration that reads its environment} */
    public Map<String, String> env() {
        return Map.of("INTACCT_BASE_URL", baseUrl(), "INTACCT_TOKEN_URL", tokenUrl(), "INTACCT_AUTHORIZE_URL", authorizeUrl(),
            "INTACCT_CLIENT_ID", clientId(), "INTACCT_CLIENT_SECRET", clientSecret(), "INTACCT_USERNAME", username(),
            "INTACCT_SCENARIO", scenario());
    }

    /**
     * A GET of the control API on this sandbox.
     *
     * @param path such as {@code requests?cause=access-token-expired}
     * @return the server's JSON
     */
    public String control(String path) { return mock.request("sandboxes/" + name() + "/" + path, null, "*/*"); }

    /**
     * A POST to the control API on this sandbox.
     *
     * @param path such as {@code clock}
     * @param body JSON, such as <code>{"advance":"12h"}</code>
     * @return the server's JSON
     */
    public String control(String path, String body) { return mock.request("sandboxes/" + name() + "/" + path, body, "*/*"); }

    /** {@return what the server says of the client so far} */
    public Verdict verdict() { return mock.verdict(name()); }

    /** Throws AssertionError with the verdict's text if the client failed; aborts the test if the scenario was not put to it. */
    public void check() {
        Verdict verdict = verdict();
        boolean skipped = verdict.outcome() == Verdict.Outcome.SKIPPED;
        if (verdict.outcome() == Verdict.Outcome.FAILED || skipped && IntacctMock.requiresAll()) {
            keep();
            throw failure(verdict.text());
        }
        if (skipped)
            throw new TestAbortedException(verdict.reason());
    }

    /** The verdict alone: where in this package it was asked for helps nobody. */
    static AssertionError failure(String text) {
        AssertionError error = new AssertionError(text);
        error.setStackTrace(new StackTraceElement[0]);
        return error;
    }

    /** Writes verdict and journal into the folder of INTACCT_MOCK_ARTIFACTS; without it, nothing. */
    public void keep() {
        String folder = System.getenv("INTACCT_MOCK_ARTIFACTS");
        if (folder == null || folder.isEmpty())
            return;
        try {
            Files.createDirectories(Path.of(folder));
            for (String[] kept : KEPT)
                Files.writeString(Path.of(folder, name() + "." + kept[0]),
                    mock.request("sandboxes/" + name() + "/" + kept[1], null, kept[2]));
        } catch (IOException e) {
            throw new UncheckedIOException("intacct-mock: " + folder, e);
        }
    }
}
