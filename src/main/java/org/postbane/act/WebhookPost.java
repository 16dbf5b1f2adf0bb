package org.postbane.act;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A POST of JSON, {@code {"sent": .., "dropped": .., "events": [..]}}. With a secret, header {@code X-Postbane-Signature} is {@code
 * sha256=} and the HMAC, in hexadecimal digits, of the value of {@code X-Postbane-Timestamp} (seconds since 1970), a dot, and the
 * body: so neither can be changed, and an old one not be sent again unnoticed. Redirections are not followed.
 */
final class WebhookPost implements Courier {

    private static final int MOST = 500;

    private final ReportSettings settings;
    private final ReportSettings.Webhook way;
    private final Duration patience;
    private @Nullable HttpClient client;

    WebhookPost(ReportSettings settings, ReportSettings.Webhook way, Duration patience) {
        this.settings = settings;
        this.way = way;
        this.patience = patience;
    }

    @Override
    public void bring(Backlog waiting, Instant now) throws ActionException {
        while (!waiting.isEmpty()) {
            List<News> lot = waiting.oldest(MOST);
            String events =
                    lot.stream().map(news -> news.json(settings.redact())).collect(Collectors.joining(",\n  "));
            post(
                    "{\"sent\": %s, \"dropped\": %d, \"events\": [\n  %s]}\n"
                            .formatted(Quoted.json(now.toString()), waiting.dropped(), events),
                    now);
            waiting.arrived(lot.size());
        }
    }

    private void post(String body, Instant now) throws ActionException {
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(way.url())
                    .header("Content-Type", "application/json")
                    .header("User-Agent", "Postbane/1")
                    .POST(HttpRequest.BodyPublishers.ofString(body));
            String secret = secret();
            if (!secret.isEmpty()) {
                String stamp = String.valueOf(now.getEpochSecond());
                request.header("X-Postbane-Timestamp", stamp)
                        .header("X-Postbane-Signature", "sha256=" + hmac(secret, stamp + "." + body));
            }
            int status = status(request.build());
            if (status / 100 != 2) {
                throw new ActionException("%s: %s answered %d".formatted(settings.name(), shown(), status));
            }
        } catch (IOException e) {
            throw new ActionException("%s: %s: %s".formatted(settings.name(), shown(), e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ActionException("%s: %s: interrupted".formatted(settings.name(), shown()), e);
        }
    }

    /** The time limit is on the whole answer: the client's own ends with its header, and a body may never end. */
    private int status(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<Void>> answer =
                client().sendAsync(request, HttpResponse.BodyHandlers.discarding());
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS).statusCode();
        } catch (TimeoutException e) {
            throw new IOException("no whole answer within %d ms".formatted(patience.toMillis()), e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            answer.cancel(true); // of what has come to its end: nothing
        }
    }

    /** Its path may hold a key. */
    private String shown() {
        return way.url().getScheme() + "://" + way.url().getAuthority();
    }

    private HttpClient client() {
        HttpClient known = client;
        if (known == null) {
            known = HttpClient.newBuilder()
                    .connectTimeout(patience)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .version(HttpClient.Version.HTTP_1_1)
                    .build();
            client = known;
        }
        return known;
    }

    private String secret() throws IOException {
        return way.secretFile().isPresent()
                ? Files.readString(way.secretFile().get()).lines().findFirst().orElse("")
                : way.secret();
    }

    static String hmac(String secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e); // each Java has it
        }
    }
}
