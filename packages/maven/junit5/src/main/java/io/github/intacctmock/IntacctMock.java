package io.github.intacctmock;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One server: started on free ports, or that of INTACCT_MOCK_URL, which is left running. */
public final class IntacctMock implements AutoCloseable {
    private static final List<String> OPTIONS = List.of("--port", "0", "--https-port", "0", "--log-level", "warn");
    /** The server ends when a pipe from this JVM does, so also when that is killed: then no shutdown hook is run. */
    private static final String TIED = "exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec \"$0\" \"$@\" </dev/null 3<&-";
    private static final String NONE = "there is no program to start: neither on the class path nor on PATH; "
        + "INTACCT_MOCK=/path/to/intacct-mock names one";
    /** The server is on this machine or beside it: never ask for it through a proxy. */
    private static final HttpClient DIRECT = HttpClient.newBuilder().proxy(ProxySelector.of(null))
        .connectTimeout(Duration.ofSeconds(30)).build();

    private static final class Shared { // made at the first use
        static final IntacctMock MOCK = start();
    }

    private final String http;
    private final String https;
    private final Process process;

    private IntacctMock(String url, Process process) {
        this.http = url.replaceAll("/+$", "");
        this.process = process;
        this.https = Verdict.string(request("ready", null, "*/*"), "https");
    }

    /** {@return this JVM's own server: started at the first call, ended with the JVM} */
    public static IntacctMock shared() { return Shared.MOCK; }

    /**
     * Starts a server, or finds the one that runs at INTACCT_MOCK_URL.
     *
     * @param options more options of {@code intacct-mock serve}
     * @return the server; close() ends it
     */
    public static IntacctMock start(String... options) {
        String url = System.getenv("INTACCT_MOCK_URL");
        return url != null && !url.isEmpty() ? new IntacctMock(url, null) : startProgram(options);
    }

    /** {@return the server's address} */
    public String http() { return http; }

    /** {@return the server's address for HTTPS; trust ca()} */
    public String https() { return https; }

    /** {@return the certificate (PEM) to trust for HTTPS} */
    public String ca() { return request("ca.pem", null, "*/*"); }

    /**
     * A sandbox of its own.
     *
     * @param scenario a scenario's name, or a whole scenario as JSON
     * @return the sandbox
     */
    public Sandbox sandbox(String scenario) {
        String quoted = scenario.startsWith("{") ? scenario : "\"" + scenario + "\"";
        return new Sandbox(this, request("sandboxes", "{\"scenario\":" + quoted + "}", "*/*"));
    }

    /**
     * What the server says of the client in one sandbox.
     *
     * @param name the sandbox's
     * @return the verdict so far
     */
    public Verdict verdict(String name) {
        String path = "sandboxes/" + name + "/verdict";
        return new Verdict(request(path, null, "application/json"), request(path, null, "text/plain"));
    }

    /** {@return the names of all scenarios} */
    public List<String> scenarios() {
        List<String> names = new ArrayList<>();
        Matcher name = Pattern.compile("\\{\"name\":\"([^\"]+)\"").matcher(request("scenarios", null, "*/*"));
        while (name.find())
            names.add(name.group(1));
        return names;
    }

    @Override public void close() {
        if (process == null)
            return;
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Any call of the control API.
     *
     * @param path below /__mock/
     * @param body JSON to POST, or null to GET
     * @param accept the type wanted
     * @return what the server answered
     */
    public String request(String path, String body, String accept) {
        URI url = URI.create(http + "/__mock/" + path);
        HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(30)).header("Accept", accept);
        String token = System.getenv("INTACCT_MOCK_CONTROL_TOKEN");
        if (token != null)
            request.header("Authorization", "Bearer " + token);
        if (body != null)
            request.POST(HttpRequest.BodyPublishers.ofString(body));
        try {
            HttpResponse<String> answer = DIRECT.send(request.build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2)
                throw new IllegalStateException("intacct-mock: " + url + ": " + answer.statusCode() + " " + answer.body());
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException("intacct-mock: " + url + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("intacct-mock: " + url + ": interrupted", e);
        }
    }

    private static IntacctMock startProgram(String... options) {
        String program = program();
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", TIED, program));
        command.addAll(OPTIONS);
        command.addAll(List.of(options));
        try {
            Path errors = Files.createTempFile("intacct-mock-", ".log");
            errors.toFile().deleteOnExit();
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
            // what the test's side reads; the server would warn that it does not know them
            builder.environment().keySet().removeAll(List.of("INTACCT_MOCK_URL", "INTACCT_MOCK_ARTIFACTS"));
            Process process = builder.start();
            // intacct-mock VERSION ready HTTP [HTTPS] scenario NAME
            String line = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
            String[] ready = line == null ? new String[0] : line.split(" ");
            if (ready.length < 4 || !ready[2].equals("ready")) {
                String why = process.waitFor() == 127 ? NONE : Files.readString(errors).trim();
                throw new IllegalStateException("intacct-mock: " + program + " did not start: " + why);
            }
            return new IntacctMock(ready[3], process);
        } catch (IOException e) {
            throw new UncheckedIOException("intacct-mock: " + program + " did not start: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("intacct-mock: " + program + " did not start: interrupted", e);
        }
    }

    /** The program to run: INTACCT_MOCK, or that of intacct-mock-binaries on the class path, or the one on PATH. */
    private static String program() {
        String given = System.getenv("INTACCT_MOCK");
        if (given != null && !given.isEmpty())
            return given;
        String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        String classifier = System.getProperty("os.name").toLowerCase(java.util.Locale.ROOT) + "-" + arch;
        String resource = "/META-INF/intacct-mock/" + classifier + "/intacct-mock";
        try (InputStream program = IntacctMock.class.getResourceAsStream(resource)) {
            if (program == null)
                return "intacct-mock";
            Path file = Files.createTempDirectory("intacct-mock-").resolve("intacct-mock");
            Files.copy(program, file);
            file.getParent().toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            file.toFile().setExecutable(true);
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("intacct-mock: the program cannot be unpacked: " + e.getMessage(), e);
        }
    }

    static boolean requiresAll() {
        String value = System.getenv("INTACCT_MOCK_REQUIRE_ALL");
        return value != null && List.of("on", "1", "true", "yes").contains(value.toLowerCase(java.util.Locale.ROOT));
    }
}
