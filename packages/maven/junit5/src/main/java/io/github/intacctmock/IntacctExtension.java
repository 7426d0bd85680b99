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
    private final boolean ofScenarioRun; // else it leaves tests with @IntacctScenario to their own
    private final ThreadLocal<Sandbox> box = new ThreadLocal<>(); // a static extension serves tests that run at once

    /** Every test's sandbox follows {@code happy-path}. */
    public IntacctExtension() { this("happy-path"); }

    /**
     * Every test's sandbox follows this scenario.
     *
     * @param scenario its name, or a whole scenario as JSON
     */
    public IntacctExtension(String scenario) { this(scenario, false); }

    IntacctExtension(String scenario, boolean ofScenarioRun) {
        this.scenario = scenario;
        this.ofScenarioRun = ofScenarioRun;
    }

    /** {@return the sandbox of the test that runs on this thread} */
    public Sandbox sandbox() {
        Sandbox used = box.get();
        if (used == null)
            throw new IllegalStateException("intacct-mock: no test runs on this thread; with @IntacctScenario it takes a Sandbox as a parameter");
        return used;
    }

    @Override public void beforeEach(ExtensionContext context) {
        if (isFor(context))
            box.set(sandboxOf(context));
    }

    @Override public void afterEach(ExtensionContext context) {
        if (!isFor(context))
            return;
        Sandbox used = box.get();
        box.remove();
        if (context.getExecutionException().isEmpty()) {
            used.check();
        } else { // it has failed by itself already: the verdict stands beside its own words
            used.keep();
            context.getExecutionException().get().addSuppressed(Sandbox.failure("intacct-mock verdict: " + used.verdict().text()));
        }
    }

    @Override public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Sandbox.class && isFor(context);
    }

    private boolean isFor(ExtensionContext context) {
        return ofScenarioRun || !context.getRequiredTestMethod().isAnnotationPresent(IntacctScenario.class);
    }

    @Override public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return sandboxOf(context);
    }

    private Sandbox sandboxOf(ExtensionContext context) {
        return context.getStore(OURS).getOrComputeIfAbsent("sandbox", key -> IntacctMock.shared().sandbox(scenario), Sandbox.class);
    }
}
