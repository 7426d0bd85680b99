package io.github.intacctmock;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test that runs once per scenario, each time with a {@link Sandbox} of its own, which it takes as a parameter. */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(ScenarioRuns.class)
public @interface IntacctScenario {
    /** {@return names of scenarios, or patterns such as refresh-*; `intacct-mock scenarios` lists them} */
    String[] value();
}
