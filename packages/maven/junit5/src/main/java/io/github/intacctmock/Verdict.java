package io.github.intacctmock;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the server says of the client in one sandbox. */
public final class Verdict {
    /** Whether the client did what the scenario expects of it. */
    public enum Outcome { PASSED, FAILED, SKIPPED }

    private static final String STRING = "\"((?:[^\"\\\\]|\\\\.)*)\"";
    private static final Pattern NOTE = Pattern.compile("\"note\":" + STRING);
    private static final Pattern UNMET = Pattern.compile("\"outcome\":\"(?!met|passed)[^\"]*\",\"why\":" + STRING);

    private final Outcome outcome;
    private final String text;
    private final String reason;

    Verdict(String json, String text) {
        String word = string(json, "outcome");
        this.outcome = outcomeOf(word);
        this.text = text.stripTrailing();
        Matcher note = NOTE.matcher(json);
        Matcher unmet = UNMET.matcher(json);
        String why = note.find() ? unescaped(note) : unmet.find() ? unescaped(unmet) : word;
        this.reason = string(json, "scenario") + ": " + why;
    }

    /** {@return whether the client passed, failed, or was not put to the test} */
    public Outcome outcome() { return outcome; }

    /** {@return for people: every expectation, why it was not met, and the exchanges that show it} */
    public String text() { return text; }

    /** {@return one line: why it was skipped} */
    public String reason() { return reason; }

    /** Any word that means neither passed nor failed means that something was not put to the test. */
    static Outcome outcomeOf(String word) {
        switch (word) {
            case "passed": case "met": return Outcome.PASSED;
            case "failed": case "not-met": return Outcome.FAILED;
            default: return Outcome.SKIPPED;
        }
    }

    /** The first field of that name that is a string. The server's answers are simple enough for it. */
    static String string(String json, String name) {
        Matcher field = Pattern.compile("\"" + name + "\":" + STRING).matcher(json);
        return field.find() ? unescaped(field) : "";
    }

    private static String unescaped(Matcher matcher) {
        return matcher.group(1).replaceAll("\\\\([\"\\\\/])", "$1");
    }
}
