/* explain/transport.c: what ended an exchange before an answer came, by the words of clients; and texts
 * with such words in which nothing ended. */
#include "unit/explain/asked.h"

#include "base/embedded.h"
#include "explain/transport.h"

/* As programs print them: curl, Node.js, axios, Python, Java, Go, .NET, Ruby, PHP, browsers. */
static const struct {
    const char *kind, *text;
} wordings[] = {
    {"name-not-resolved", "curl: (6) Could not resolve host: api.intacct.com"},
    {"name-not-resolved", "Error: getaddrinfo ENOTFOUND api.intacct.com"},
    {"name-not-resolved", "ENOTFOUND"},
    {"name-not-resolved", "Error: getaddrinfo EAI_AGAIN api.intacct.com:443"},
    {"name-not-resolved", "java.net.UnknownHostException: api.intacct.com"},
    {"name-not-resolved",
     "Post \"https://api.intacct.com/ia/api/v1/oauth2/token\": dial tcp: "
     "lookup api.intacct.com on 10.0.0.2:53: no such host"},
    {"name-not-resolved", "No such host is known. (api.intacct.com:443)"},
    {"name-not-resolved",
     "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.intacct.com', "
     "port=443): Max retries exceeded with url: /ia/api/v1/oauth2/token (Caused by "
     "NameResolutionError(\"<urllib3.connection.HTTPSConnection object at 0x7f>: Failed "
     "to "
     "resolve 'api.intacct.com' ([Errno -3] Temporary failure in name resolution)\"))"},
    {"name-not-resolved",
     "SocketError: Failed to open TCP connection to api.intacct.com:443 "
     "(getaddrinfo: Name or service not known)"},
    {"connection-refused",
     "curl: (7) Failed to connect to api.intacct.com port 443 after 2 ms: "
     "Couldn't connect to server"},
    {"connection-refused", "Error: connect ECONNREFUSED 127.0.0.1:8080"},
    /* a port that begins as that of a database does */
    {"connection-refused", "Error: connect ECONNREFUSED 127.0.0.1:33061"},
    {"connection-refused", "#12 0.5 curl: (7) Failed to connect to localhost port 8080: "
                           "Connection refused"},
    {"connection-refused", "AxiosError: connect ECONNREFUSED ::1:8080"},
    {"connection-refused", "Errno::ECONNREFUSED: Failed to open TCP connection to "
                           "localhost:8080 (Connection refused - connect(2))"},
    {"connection-refused",
     "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='localhost', port=8080): "
     "Max "
     "retries exceeded with url: / (Caused by NewConnectionError('<urllib3.connection."
     "HTTPConnection object at 0x7f>: Failed to establish a new connection: [Errno 111] "
     "Connection refused'))"},
    {"connection-refused", "ConnectionRefusedError: [Errno 111] Connection refused"},
    {"connection-refused", "httpx.ConnectError: All connection attempts failed"},
    {"connection-refused", "java.net.ConnectException: Connection refused"},
    {"connection-refused",
     "Get \"http://localhost:8080/\": dial tcp [::1]:8080: connect: "
     "connection refused"},
    {"connection-refused",
     "System.Net.Sockets.SocketException (10061): No connection could be "
     "made because the target machine actively refused it."},
    {"connection-refused",
     "GuzzleHttp\\Exception\\ConnectException: cURL error 7: Failed to "
     "connect to localhost port 8080"},
    {"host-unreachable", "Error: connect EHOSTUNREACH 10.1.2.3:443"},
    {"host-unreachable", "OSError: [Errno 101] Network is unreachable"},
    {"connection-closed", "curl: (52) Empty reply from server"},
    {"connection-closed", "curl: (56) Recv failure: Connection reset by peer"},
    {"connection-closed", "curl: (35) Recv failure: Connection reset by peer"},
    {"connection-closed", "Error: read ECONNRESET"},
    {"connection-closed", "socket hang up"},
    {"connection-closed", "=== the job failed: socket hang up ==="},
    {"connection-refused",
     "com.example.logger.Calls: exception of class A: connection refused"},
    {"connection-closed", "Error: socket hang up\n    at connResetException "
                          "(node:internal/errors:720:14) {\n  code: 'ECONNRESET'\n}"},
    {"connection-closed",
     "TypeError: fetch failed\n    at node:internal/deps/undici/undici:"
     "12618:11 {\n  [cause]: SocketError: other side closed {\n    code: "
     "'UND_ERR_SOCKET'\n  }\n}"},
    {"connection-closed",
     "('Connection aborted.', ConnectionResetError(104, 'Connection reset "
     "by peer'))"},
    {"connection-closed",
     "requests.exceptions.ConnectionError: ('Connection aborted.', "
     "RemoteDisconnected('Remote end closed connection without response'))"},
    {"connection-closed",
     "httpx.RemoteProtocolError: Server disconnected without sending a response."},
    {"connection-closed", "java.net.SocketException: Connection reset"},
    {"connection-closed",
     "org.apache.http.NoHttpResponseException: api.intacct.com:443 failed "
     "to respond"},
    {"connection-closed",
     "read tcp 10.0.0.5:51512->10.0.0.9:443: read: connection reset by peer"},
    {"connection-closed", "Post \"https://api.intacct.com/ia/api/v1/oauth2/token\": EOF"},
    {"connection-closed", "EOF"},
    {"connection-closed", "EOFError: end of file reached"},
    {"connection-closed",
     "protocol.rb:237:in `rescue in rbuf_fill': end of file reached (EOFError)"},
    {"connection-closed",
     "System.Net.Http.HttpIOException: The response ended prematurely. "
     "(ResponseEnded)"},
    {"connection-closed",
     "System.IO.IOException: Unable to read data from the transport "
     "connection: An existing connection was forcibly closed by the remote "
     "host."},
    {"connection-closed", "Errno::EPIPE: Broken pipe"},
    {"connection-closed",
     "{\"level\":\"error\",\"msg\":\"token request\",\"error\":\"read "
     "ECONNRESET\"}"},
    {"timeout-connecting", "Error: connect ETIMEDOUT 34.208.1.2:443"},
    {"timeout-connecting",
     "curl: (28) Failed to connect to api.intacct.com port 443 after 5000 "
     "ms: Timeout was reached"},
    {"timeout-connecting", "curl: (28) Connection timed out after 5001 milliseconds"},
    {"timeout-connecting",
     "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api.intacct.com', "
     "port=443): Max retries exceeded with url: / (Caused by "
     "ConnectTimeoutError(<urllib3."
     "connection.HTTPSConnection object at 0x7f>, 'Connection to api.intacct.com timed "
     "out. "
     "(connect timeout=5)'))"},
    {"timeout-connecting", "java.net.SocketTimeoutException: connect timed out"},
    {"timeout-connecting", "Net::OpenTimeout: execution expired"},
    {"timeout-connecting",
     "Get \"https://api.intacct.com/\": dial tcp 34.2.3.4:443: i/o timeout"},
    {"timeout-connecting", "ConnectTimeoutError: Connect Timeout Error"},
    {"timeout-reading",
     "curl: (28) Operation timed out after 5000 milliseconds with 0 bytes "
     "received"},
    {"timeout-reading",
     "requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='api.intacct."
     "com', port=443): Read timed out. (read timeout=5)"},
    {"timeout-reading", "httpx.ReadTimeout: The read operation timed out"},
    {"timeout-reading", "httpx.ReadTimeout"},
    {"timeout-reading", "java.net.SocketTimeoutException: Read timed out"},
    {"timeout-reading", "Net::ReadTimeout with #<TCPSocket:(closed)>"},
    {"timeout-reading", "Net::ReadTimeout"},
    {"timeout-reading", "Error: ESOCKETTIMEDOUT"},
    {"timeout-reading", "HeadersTimeoutError: Headers Timeout Error {\n  code: "
                        "'UND_ERR_HEADERS_TIMEOUT'\n}"},
    {"timeout-reading",
     "cURL error 28: Operation timed out after 30001 milliseconds with 0 "
     "bytes received (see https://curl.haxx.se/libcurl/c/libcurl-errors.html)"},
    {"timeout", "ETIMEDOUT"},
    {"timeout", "RequestError: Timeout awaiting 'request' for 2000ms"},
    {"body-cut-short", "AxiosError: stream has been aborted"},
    {"body-cut-short", "ReadError: The server aborted pending request"},
    {"body-cut-short", "FetchError: Invalid response body while trying to fetch "
                       "http://127.0.0.1:8080/a: aborted"},
    {"body-not-json", "{\"message\":\"Unexpected token '<', \\\"<!DOCTYPE \\\"... is not "
                      "valid JSON\",\"name\":\"SyntaxError\",\"stack\":\"SyntaxError: "
                      "a\\n at b\",\"code\":\"ERR_BAD_RESPONSE\",\"status\":200}"},
    {"connection-closed", "aiohttp.client_exceptions.ClientConnectorError: Cannot "
                          "connect to host a.example:443 ssl:default [None]"},
    {"timeout", "TimeoutError: timed out"},
    {"timeout", "openai.APITimeoutError: Request timed out."},
    {"timeout", "<urlopen error [Errno 60] Operation timed out>"},
    {"timeout", "java.net.ConnectException: Operation timed out"},
    {"timeout", "error sending request for url (https://api.intacct.com/ia/api/v1/oauth2/"
                "token): operation timed out"},
    {"connection-closed",
     "java.io.IOException: HTTP/1.1 header parser received no bytes"},
    {"connection-refused",
     "Exception in thread \"main\" java.net.ConnectException\n\tat a.b(C.java:1)"},
    {"name-not-resolved",
     "java.net.ConnectException\n\tat a.b(C.java:1)\nCaused by: "
     "java.nio.channels.UnresolvedAddressException\n\tat a.b(C.java:2)"},
    {"tls-failed", "protocol.rb:46:in `connect_nonblock': SSL_connect returned=1 errno=0 "
                   "state=error: unexpected eof while reading (OpenSSL::SSL::SSLError)"},
    {"timeout-reading", "protocol.rb:219:in `rescue in rbuf_fill': Net::ReadTimeout with "
                        "#<TCPSocket:(closed)> (Net::ReadTimeout)"},
    {"body-not-json",
     "PHP Fatal error:  Uncaught JsonException: Syntax error in a.php:2"},
    {"body-cut-short", "2026/03/02 13:30:21 unexpected EOF"},
    {"body-cut-short", "curl: (18) transfer closed with 518 bytes remaining to read"},
    {"body-cut-short",
     "TypeError: terminated {\n  [cause]: ResponseContentLengthMismatchError: Response "
     "body length does not match content-length header {\n    code: "
     "'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'\n  }\n}"},
    {"body-cut-short",
     "java.io.IOException: fixed content-length: 125, bytes received: 62"},
    {"body-cut-short", "SyntaxError: Unterminated string in JSON at position 84"},
    {"timeout", "AxiosError: timeout of 5000ms exceeded"},
    {"timeout",
     "{\"message\":\"timeout of 5000ms exceeded\",\"name\":\"AxiosError\",\"code\":"
     "\"ECONNABORTED\",\"status\":null}"},
    {"timeout", "Get \"https://api.intacct.com/\": context deadline exceeded "
                "(Client.Timeout exceeded while awaiting headers)"},
    {"timeout", "System.Threading.Tasks.TaskCanceledException: A task was canceled."},
    {"timeout",
     "System.Threading.Tasks.TaskCanceledException: The request was canceled due to "
     "the configured HttpClient.Timeout of 100 seconds elapsing."},
    {"timeout", "java.net.http.HttpTimeoutException: request timed out"},
    {"timeout", "POST https://api.intacct.com/ia/api/v1/oauth2/token timed out"},
    {"timeout", "POST https://api.intacct.com/ia/api/v1/oauth2/token failed: timeout"},
    {"proxy-refused", "curl: (56) CONNECT tunnel failed, response 407"},
    {"proxy-refused",
     "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: "
     "403 Forbidden'))"},
    {"certificate-untrusted",
     "curl: (60) SSL certificate problem: unable to get local issuer certificate"},
    {"certificate-untrusted",
     "curl: (60) SSL certificate problem: self-signed certificate in certificate chain"},
    {"certificate-untrusted",
     "cURL error 60: SSL certificate problem: unable to get local issuer "
     "certificate (see https://curl.haxx.se/libcurl/c/libcurl-errors."
     "html) for https://api.intacct.com/ia/api/v1/oauth2/token"},
    {"certificate-untrusted", "Error: unable to verify the first certificate {\n  code: "
                              "'UNABLE_TO_VERIFY_LEAF_SIGNATURE'\n}"},
    {"certificate-untrusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
    {"certificate-untrusted",
     "tls: failed to verify certificate: x509: \"a\" certificate is not trusted"},
    {"certificate-untrusted", "code: 'SELF_SIGNED_CERT_IN_CHAIN'"},
    {"certificate-untrusted",
     "FetchError: request failed, reason: self-signed certificate"},
    {"certificate-untrusted", "DEPTH_ZERO_SELF_SIGNED_CERT"},
    {"certificate-untrusted",
     "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
     "failed: "
     "self-signed certificate in certificate chain (_ssl.c:1007)')"},
    {"certificate-untrusted", "ssl.SSLCertVerificationError: [SSL: "
                              "CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
                              "unable to get local issuer certificate (_ssl.c:1007)"},
    {"certificate-untrusted",
     "javax.net.ssl.SSLHandshakeException: PKIX path building failed: "
     "sun.security.provider."
     "certpath.SunCertPathBuilderException: unable to find valid certification path to "
     "requested target"},
    {"certificate-untrusted",
     "tls: failed to verify certificate: x509: certificate signed by "
     "unknown authority"},
    {"certificate-untrusted",
     "The remote certificate is invalid because of errors in the "
     "certificate chain: UntrustedRoot"},
    {"certificate-untrusted",
     "OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: "
     "certificate verify failed (self-signed certificate)"},
    {"certificate-expired",
     "curl: (60) SSL certificate problem: certificate has expired"},
    {"certificate-expired", "CERT_HAS_EXPIRED"},
    {"certificate-expired", "verify error:num=10:certificate has expired"},
    {"certificate-expired", "curl: (60) Peer's Certificate has expired."},
    {"certificate-expired",
     "ERROR: cannot verify api.intacct.com's certificate, issued by "
     "'CN=CA':\n  Issued certificate has expired."},
    {"certificate-expired",
     "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify "
     "failed:ssl/statem/statem_clnt.c:1890: (certificate has expired)"},
    {"certificate-expired",
     "requests.exceptions.SSLError: HTTPSConnectionPool(host='api.intacct.com', "
     "port=443): Max "
     "retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, "
     "'[SSL: "
     "CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired "
     "(_ssl.c:1007)')))"},
    {"certificate-expired",
     "javax.net.ssl.SSLHandshakeException: PKIX path validation failed: "
     "java.security.cert."
     "CertPathValidatorException: validity check failed\n\tat a.b(C.java:1)\nCaused by: "
     "java."
     "security.cert.CertificateExpiredException: NotAfter: Mon Mar 02 10:00:00 UTC 2026"},
    {"certificate-expired", "x509: certificate has expired or is not yet valid"},
    {"certificate-expired",
     "x509: certificate has expired or is not yet valid: current time "
     "2026-03-02T10:00:00Z is after 2026-03-01T10:00:00Z"},
    {"certificate-not-yet-valid",
     "x509: certificate has expired or is not yet valid: current time "
     "2026-03-02T10:00:00Z is before 2027-03-01T10:00:00Z"},
    {"certificate-not-yet-valid",
     "certificate verify failed: certificate is not yet valid "
     "(_ssl.c:1007)"},
    {"certificate-not-yet-valid",
     "Caused by: java.security.cert.CertificateNotYetValidException: "
     "NotBefore: Mon Mar 01 10:00:00 UTC 2027"},
    {"certificate-wrong-host",
     "curl: (60) SSL: no alternative certificate subject name matches "
     "target host name 'api.intacct.com'"},
    {"certificate-wrong-host",
     "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match "
     "certificate's altnames: Host: a.example. is not in the cert's "
     "altnames: DNS:b.example"},
    {"certificate-wrong-host",
     "certificate verify failed: Hostname mismatch, certificate is not "
     "valid for 'a.example'. (_ssl.c:1007)"},
    {"certificate-wrong-host",
     "javax.net.ssl.SSLHandshakeException: No subject alternative DNS "
     "name matching a.example found."},
    {"certificate-wrong-host", "x509: certificate is valid for a.example, not b.example"},
    {"certificate-wrong-host",
     "The remote certificate is invalid according to the validation "
     "procedure: RemoteCertificateNameMismatch, "
     "RemoteCertificateChainErrors"},
    {"certificate-wrong-host",
     "OpenSSL::SSL::SSLError: hostname \"a.example\" does not match the "
     "server certificate"},
    {"certificate-refused",
     "The remote certificate is invalid according to the validation "
     "procedure."},
    {"certificate-refused",
     "OpenSSL::SSL::SSLError: SSL_connect returned=1 errno=0 state=error: "
     "certificate verify failed"},
    {"tls-version",
     "write EPROTO C0:error:0A000102:SSL routines:ssl_choose_client_version:"
     "unsupported protocol:../deps/openssl/ssl/statem/statem_lib.c:1990:"},
    {"tls-version",
     "Error: write EPROTO 1:error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 "
     "alert protocol version"},
    {"tls-version",
     "javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version"},
    {"tls-version", "remote error: tls: protocol version not supported"},
    {"tls-version", "curl: (35) error:0A000102:SSL routines::unsupported protocol"},
    {"not-tls",
     "write EPROTO C0:error:0A00010B:SSL routines:ssl3_get_record:wrong version "
     "number:../deps/openssl/ssl/record/ssl3_record.c:355:"},
    {"not-tls", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message"},
    {"not-tls",
     "Get \"https://localhost:8080/\": http: server gave HTTP response to HTTPS client"},
    {"not-tls",
     "curl: (35) OpenSSL/3.0.13: error:0A00010B:SSL routines::wrong version number"},
    {"not-tls",
     "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1007)"},
    {"tls-failed",
     "System.Net.Http.HttpRequestException: The SSL connection could not be "
     "established, see inner exception."},
    {"tls-failed", "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to "
                   "api.intacct.com:443"},
    {"tls-failed",
     "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure"},
    {"tls-failed",
     "Error: Client network socket disconnected before secure TLS connection was "
     "established {\n  code: 'ECONNRESET'\n}"},
    {"tls-failed", "cURL error 35: TLS connect error"},
    {"body-cut-short", "curl: (18) transfer closed with 123 bytes remaining to read"},
    {"body-cut-short",
     "('Connection broken: IncompleteRead(120 bytes read, 340 more expected)', "
     "IncompleteRead(120 bytes read, 340 more expected))"},
    {"body-cut-short",
     "requests.exceptions.ChunkedEncodingError: Response ended prematurely"},
    {"body-cut-short", "error: unexpected EOF"},
    {"body-cut-short",
     "httpx.RemoteProtocolError: peer closed connection without sending complete "
     "message body (received 5 bytes, expected 40)"},
    {"body-cut-short", "SyntaxError: Unexpected end of JSON input"},
    {"body-cut-short",
     "The response ended prematurely, with at least 80 additional bytes "
     "expected."},
    {"body-not-json",
     "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"},
    {"body-not-json", "invalid character '<' looking for beginning of value"},
    {"body-not-json",
     "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON"},
    {"body-not-json", "SyntaxError: Unexpected token < in JSON at position 0"},
    {"body-not-json",
     "JSON::ParserError: unexpected character: '<html>' at line 1 column 1"},
};

/* The id of what ended it; empty = nothing did. Lifetime: the arena's. */
static struct im_str ended_by(const struct asked *asked, struct im_arena *arena)
{
    struct im_json_error where;
    const struct im_json *json = im_json_parse(arena, asked->json, &where);

    return im_json_get_str(im_json_get(json, "transport"), "id");
}

static void the_words_of_a_client_tell_what_ended_it(void **state)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++) {
        struct asked asked;
        ask(&asked, im_str(wordings[i].text));
        struct im_str id = ended_by(&asked, &asked.arena);
        if (!im_str_is(id, wordings[i].kind) && ++wrong)
            print_error("%s: it is said to be \"%.*s\", not %s\n", wordings[i].text,
                        IM_ARG(id), wordings[i].kind);
        if (!im_explanation_is_recognised(asked.explanation) && ++wrong)
            print_error("%s: not recognised\n", wordings[i].text);
        if (im_explanation_cause(asked.explanation) != CAUSE_NONE && ++wrong)
            print_error("%s: it has a cause of Intacct's\n", wordings[i].text);
        asked_end(&asked);
    }
    assert_int_equal(wrong, 0);
}

#define FINE                                                                             \
    "GET https://api.intacct.com/ia/api/v1/objects/accounts-payable/vendor -> 200"

/* Options, source code, plans, and what went well. */
static const char *const harmless[] = {
    FINE " timeout=30\n",
    "client created: timeout=30, retries=3, on=[ECONNRESET, ETIMEDOUT]\n" FINE "\n",
    "GET https://api.intacct.com/ia/api/v1/objects/a/b timeout=30\n",
    "{\"timeout\":30,\"retryCodes\":[\"ECONNRESET\",\"ETIMEDOUT\"]}",
    "retryOn: ECONNREFUSED, ECONNRESET",
    "ReadTimeout: 30s\nConnectTimeout: 5s\n" FINE "\n",
    "except requests.exceptions.ReadTimeout:\n    pass\n",
    "except (ConnectTimeout, ReadTimeout) as error:\n    raise\n",
    "} catch (SocketTimeoutException e) {\n",
    "import java.net.UnknownHostException;\n",
    "if (err.code === 'ECONNRESET') return retry();\n",
    "if errors.Is(err, io.EOF) {\n",
    "cat <<EOF > body.json\n{}\nEOF\n" FINE "\n",
    "bash: syntax error: unexpected EOF while looking for matching `\"'\n",
    "read until EOF, 120 bytes\n" FINE "\n",
    "Your session has timed out\n",
    "no connection reset was seen\n" FINE "\n",
    "we retry on connection refused\n" FINE "\n",
    "We use a self-signed certificate in the lab, and all is well.\n" FINE "\n",
    "* SSL certificate verify result: self-signed certificate (18), continuing "
    "anyway.\n" FINE "\n",
    "pool: connection reset to idle\n" FINE "\n",
    "Unexpected token ';' at line 3 of app.js\n",
    "The timeout of the job is 30 minutes.\n",
    "TLS handshake took 30 ms, certificate valid\n" FINE "\n",
    "Module not found, wrong version number in package.json\n",
    "a broken pipe in the cellar was repaired\n",
    "fetch_timeout=5 EOFs=0 resets=0\n" FINE "\n",
    "Error: connect ECONNREFUSED 127.0.0.1:6379\n",
    "fixed a problem with EOF, and another caused by EOF.\n",
    "psycopg2.OperationalError: connection to server at \"db\", port 5432 failed: "
    "Connection "
    "refused\n",
    "POST https://hooks.example.com/notify failed: read ECONNRESET\n" FINE "\n",
    "GET https://api.intacct.com/ia/api/v1/objects/a/b timed out=0 -> 200\n",
    /* what an application does besides */
    "HikariPool-1 - Connection is not available, request timed out after 30000ms.\n",
    "TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, "
    "timeout 30.00\n",
    "Error: connect ECONNREFUSED 127.0.0.1:11211\n",
    "elasticsearch: connect ECONNREFUSED 10.0.0.3:9200\n",
    "CSV import: end of file reached, 120 rows\n",
    "WARN vendor 4711: the insurance certificate has expired\n",
    "The certificate is not trusted yet by the auditor.\n",
    "lock operation timed out after 5 s, the job starts again\n",
    "your request timed out because you were idle\n",
    "Unexpected token in JSON config at line 3 ignored\n",
    "requests: 120, connection refused=0, timed out=0\n",
    "7 calls, 0 reset by peer\n",
    /* checks that are switched off */
    "* SSL certificate verify result: certificate has expired (10), continuing anyway.\n",
    "* SSL certificate verify result: unable to get local issuer certificate (20), "
    "continuing anyway.\n",
    /* tests, and source code */
    "Error: Timeout of 2000ms exceeded. For async tests and hooks, ensure \"done()\" is "
    "called\n",
    "  throws an error when socket hang up (12 ms)\n",
    " * throws IOException when the connection was reset\n",
    "log.warn(\"connection refused, we start again\")\n",
    "assert response.error == \"connection refused\"\n",
    "expect(error.message).toBe('socket hang up')\n",
    "    raise ConnectTimeout(error, request=request)\n",
    "    raise SSLError(\"certificate verify failed\")\n",
};

static void such_words_in_passing_tell_nothing(void **state)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        struct asked asked;
        ask(&asked, im_str(harmless[i]));
        struct im_str id = ended_by(&asked, &asked.arena);
        if (id.len && ++wrong)
            print_error("%s: it is said to be %.*s\n", harmless[i], IM_ARG(id));
        asked_end(&asked);
    }
    assert_int_equal(wrong, 0);
}

/* A fault of the table is one that a scenario has, and that is named as the scenario is. */
static void each_end_is_told_whole_and_its_fault_is_a_scenario(void **state)
{
    for (int i = IM_TRANSPORT_NONE + 1; i < IM_TRANSPORTS; i++) {
        const struct im_transport_row *row = im_transport_row((enum im_transport)i);
        bool made = row->wire || row->tls, found = !made;
        char name[60] = "";
        if (made)
            snprintf(name, sizeof name, "%s%s", row->tls ? "tls-" : "",
                     row->tls ? row->tls : row->wire);
        for (size_t k = 0; k < im_scenario_file_count && !found; k++)
            found = strcmp(im_scenario_files[k].name, name) == 0;
        if (!found || (!made && !row->again))
            fail_msg("%s: no scenario %s makes it, and nothing else is said to", row->id,
                     name);
        assert_true(row->title && row->why && row->question && row->developer);
        assert_true(row->question[strlen(row->question) - 1] == '?');
    }
}

/* ---- in what came before and after ---- */

/* What ended the exchange that is explained, and what is said to be its first cause; "" = nothing. */
static void is_explained_by(const char *input, const char *kind, const char *cause)
{
    struct asked asked;

    ask(&asked, im_str(input));
    struct im_str id = ended_by(&asked, &asked.arena);
    enum im_cause first = im_explanation_cause(asked.explanation);
    if (!im_str_is(id, kind) || strcmp(first ? im_cause_row(first)->id : "", cause) != 0)
        fail_msg("%s: %.*s, %s", input, IM_ARG(id), im_cause_row(first)->id);
    asked_end(&asked);
}

#define CALL "GET https://api.intacct.com/ia/api/v1/objects/a/b"
#define GONE " -> 401 {\"ia::error\":{\"code\":\"GW-0040\"}}\n"

static void a_refusal_beside_it_stays_the_first_answer(void **state)
{
    is_explained_by("POST https://api.intacct.com/ia/api/v1/oauth2/token failed: read "
                    "ECONNRESET\n" CALL GONE,
                    "", "access-token-expired");
    is_explained_by(CALL GONE "Error: socket hang up\n", "", "access-token-expired");
    is_explained_by(CALL " -> 502\njson.decoder.JSONDecodeError: Expecting value: line 1 "
                         "column 1 (char 0)\n",
                    "", "gateway-error");
}

static void a_call_that_ended_is_explained_before_those_that_went_well(void **state)
{
    is_explained_by(FINE "\n" CALL " failed: read ECONNRESET\n"
                         "POST https://api.intacct.com/ia/api/v1/oauth2/token -> 200\n",
                    "connection-closed", "");
    is_explained_by(CALL " -> 200\njson.decoder.JSONDecodeError: Expecting value: line 1 "
                         "column 1 (char 0)\n",
                    "body-not-json", "");
    is_explained_by("> GET /ia/api/v1/objects/a/b HTTP/1.1\n> Host: api.intacct.com\n> \n"
                    "* Empty reply from server\ncurl: (52) Empty reply from server\n",
                    "connection-closed", "");
    is_explained_by(
        "curl https://api.intacct.com/ia/api/v1/oauth2/token -d a=b\n"
        "curl: (28) Operation timed out after 5000 milliseconds with 0 bytes\n",
        "timeout-reading", "");
    is_explained_by(
        "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://"
        "api.intacct.com/ia/api/v1/objects/a/b\"},\"response\":{\"status\":0,"
        "\"_error\":\"net::ERR_CERT_AUTHORITY_INVALID\"}}]}}",
        "certificate-untrusted", "");
}

static void a_call_that_ended_is_explained_before_a_refusal_that_was_got_over(
    void **state)
{
    static const char renewed[] = CALL GONE
        "POST https://api.intacct.com/ia/api/v1/oauth2/token -> 200\n" CALL " -> 200\n";
    char input[900];

    is_explained_by(renewed, "", "access-token-expired");
    snprintf(input, sizeof input, "%s" CALL "/7 failed: read ECONNRESET\n", renewed);
    is_explained_by(input, "connection-closed", "");
    snprintf(input, sizeof input,
             "%s" CALL "/7 failed: read ECONNRESET\n" CALL "/7 -> 200\n", renewed);
    is_explained_by(input, "", "access-token-expired");
}

static void a_page_where_json_was_asked_for_is_no_answer(void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\nContent-Type: text/html\n\n"
                                 "<!DOCTYPE html><html>Sign in</html>\n";
    char text[400];

    snprintf(text, sizeof text,
             "POST /ia/api/v1/oauth2/token HTTP/1.1\nHost: api.intacct.com\n\n%s",
             answer);
    is_explained_by(text, "body-not-json", "");
    snprintf(text, sizeof text,
             "GET /ia/api/v1/oauth2/authorize?client_id=a&state=b&redirect_uri=c&"
             "response_type=code HTTP/1.1\nHost: api.intacct.com\n\n%s",
             answer);
    is_explained_by(text, "", "");
}

static void a_host_is_misspelled_only_where_it_is(void **state)
{
    is_explained_by("Error: getaddrinfo ENOTFOUND api.intacct.com", "name-not-resolved",
                    "");
    is_explained_by("Error: getaddrinfo ENOTFOUND api.intacct.con", "name-not-resolved",
                    "host-misspelled");
    is_explained_by(
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api."
        "intact.com', port=443): Max retries exceeded with url: /ia/api/v1/oauth2/"
        "token (Caused by NameResolutionError(\"Failed to resolve\"))",
        "name-not-resolved", "host-misspelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_a_client_tell_what_ended_it),
        cmocka_unit_test(such_words_in_passing_tell_nothing),
        cmocka_unit_test(each_end_is_told_whole_and_its_fault_is_a_scenario),
        cmocka_unit_test(a_refusal_beside_it_stays_the_first_answer),
        cmocka_unit_test(a_call_that_ended_is_explained_before_those_that_went_well),
        cmocka_unit_test(
            a_call_that_ended_is_explained_before_a_refusal_that_was_got_over),
        cmocka_unit_test(a_page_where_json_was_asked_for_is_no_answer),
        cmocka_unit_test(a_host_is_misspelled_only_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
