// An integration that has Sage's host built in: Client.java HttpClient|HttpURLConnection [OTHER].
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.util.regex.*;

class Client {
    static final String API = "https://api.intacct.com/ia/api/v1/";
    static final String FORM = "grant_type=client_credentials&client_id=demo&client_secret=demo-secret&username=ws_user%40acme";

    record Answer(int status, String body) {}

    interface Asks {
        Answer ask(String url, String form, String bearer) throws Exception;
    }

    static Answer byHttpClient(String url, String form, String bearer) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url));
        if (form != null)
            request.header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString(form));
        if (bearer != null)
            request.header("Authorization", "Bearer " + bearer);
        var answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(answer.statusCode(), answer.body());
    }

    static Answer byHttpURLConnection(String url, String form, String bearer) throws Exception {
        var connection = (HttpURLConnection) new URL(url).openConnection();
        if (bearer != null)
            connection.setRequestProperty("Authorization", "Bearer " + bearer);
        if (form != null) {
            connection.setDoOutput(true);
            connection.getOutputStream().write(form.getBytes());
        }
        int status = connection.getResponseCode();
        InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
        return new Answer(status, body == null ? "" : new String(body.readAllBytes()));
    }

    public static void main(String[] args) throws Exception {
        Asks by = args[0].equals("HttpClient") ? Client::byHttpClient : Client::byHttpURLConnection;
        var token = by.ask(API + "oauth2/token", FORM, null);
        System.out.println("token " + token.status());
        if (token.status() == 200) {
            Matcher found = Pattern.compile("\"access_token\":\"([^\"]*)\"").matcher(token.body());
            found.find();
            System.out.println("call " + by.ask(API + "objects/accounts-payable/vendor", null, found.group(1)).status());
        }
        for (int i = 1; i < args.length; i++)
            try {
                System.out.println("other " + by.ask(args[i], null, null).status());
            } catch (Exception error) {
                System.out.println("other " + error);
            }
    }
}
