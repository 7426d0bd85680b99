package io.github.intacctmock;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A sandbox for each test, its verdict at the end: a client that did not do what the scenario expects fails the test, a
 * scenario that was not put to the test aborts it.
 *
 * <pre>{@code
 * @RegisterExtension final IntacctExtension intacct = new IntacctExtension("access-token-expired");
 *
 * @Test void itSurvives() {
 *     new MyIntegration(intacct.sandbox().baseUrl(), …);
 * }
 * }</pre>
 */
public final class IntacctExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final Namespace OURS = Namespace.create(IntacctExtension.class);

    private final String scenario;
    private final ThreadLocal<Sandbox> box = new ThreadLocal<>(); // a static extension serves tests that run at once

    /** Every test's sandbox follows {@code happy-path}. */
    public IntacctExtension() { this("happy-path"); }

    /**
     * Every test's sandbox follows this scenario.
     *
     * @param scenario its name, or a whole scenario as JSON
     */
    public IntacctExtension(String scenario) { this.scenario = scenario; }

    /** {@return the sandbox of the test that runs on this thread} */
    public Sandbox sandbox() { return box.get(); }

    @Override public void beforeEach(ExtensionContext context) {
        box.set(sandboxOf(context));
    }

    @Override public void afterEach(ExtensionContext context) {
        Sandbox used = box.get();
        box.remove();
        if (context.getExecutionException().isEmpty()) {
            used.check();
        } else { // it has failed by itself already: the verdict stands beside its own words
            used.keep();
            context.publishReportEntry("intacct-mock verdict", used.verdict().text());
        }
    }

    @Override public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Sandbox.class;
    }

    @Override public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return sandboxOf(context);
    }

    private Sandbox sandboxOf(ExtensionContext context) {
        return context.getStore(OURS).getOrComputeIfAbsent("sandbox", key -> IntacctMock.shared().sandbox(scenario), Sandbox.class);
    }
}
