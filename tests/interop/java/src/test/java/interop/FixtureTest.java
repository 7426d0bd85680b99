package interop;

import static org.junit.jupiter.api.Assertions.*;

import io.github.intacctmock.IntacctExtension;
import org.junit.jupiter.api.*;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("the extension of packages/maven")
class FixtureTest {
    @RegisterExtension final IntacctExtension mock = new IntacctExtension("access-token-expired");

    @Test @DisplayName("passes the client that renews its token")
    void sound() throws Exception {
        var client = new Nimbus(mock.sandbox().baseUrl(), Nimbus.inBody("demo-secret")).clientCredentials();
        assertEquals(200, client.call(NimbusTest.VENDORS));
        assertEquals(200, client.call(NimbusTest.VENDORS)); // thirteen hours later
    }
}
