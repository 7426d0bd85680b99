package interop;

import static org.junit.jupiter.api.Assertions.*;

import org.junit.jupiter.api.*;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("the fixture")
class FixtureTest {
    @RegisterExtension final IntacctMock mock = new IntacctMock("access-token-expired");

    @Test @DisplayName("passes the client that renews its token")
    void sound() throws Exception {
        var client = new Nimbus(mock.baseUrl(), Nimbus.inBody("demo-secret")).clientCredentials();
        assertEquals(200, client.call(NimbusTest.VENDORS));
        assertEquals(200, client.call(NimbusTest.VENDORS)); // thirteen hours later
    }

    @Test @DisplayName("fails the client that asks again with the dead token")
    void careless() throws Exception {
        sound(); // its own sandbox is content
        var another = new IntacctMock("access-token-expired");
        another.beforeEach(null);
        var client = new Nimbus(another.baseUrl(), Nimbus.inBody("demo-secret")).clientCredentials();
        for (int i = 0; i < 3; i++)
            client.once(NimbusTest.VENDORS);
        var verdict = assertThrows(AssertionError.class, () -> another.afterEach(null));
        assertTrue(verdict.getMessage().contains("a dead token is not hammered"), verdict.getMessage());
    }
}
