package io.github.intacctmock;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** What stands behind {@link IntacctScenario}: one run for each scenario that it names. */
final class ScenarioRuns implements TestTemplateInvocationContextProvider {
    @Override public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getRequiredTestMethod().isAnnotationPresent(IntacctScenario.class);
    }

    @Override public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        List<TestTemplateInvocationContext> runs = new ArrayList<>();
        for (String glob : context.getRequiredTestMethod().getAnnotation(IntacctScenario.class).value()) {
            Pattern pattern = Pattern.compile(("\\Q" + glob + "\\E").replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"));
            int before = runs.size();
            IntacctMock.shared().scenarios().stream().filter(pattern.asMatchPredicate()).map(Run::new).forEach(runs::add);
            if (runs.size() == before)
                throw new IllegalArgumentException("intacct-mock: there is no scenario " + glob);
        }
        return runs.stream();
    }

    private static final class Run implements TestTemplateInvocationContext {
        private final String scenario;

        Run(String scenario) { this.scenario = scenario; }

        @Override public String getDisplayName(int index) { return scenario; }

        @Override public List<Extension> getAdditionalExtensions() { return List.of(new IntacctExtension(scenario, true)); }
    }
}
