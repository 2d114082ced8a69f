import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server of our own under test, on free ports with a throw-away data folder. */
final class Dossier implements AutoCloseable {
    private static final Pattern MLLP = Pattern.compile("mllps?://127\\.0\\.0\\.1:(\\d+)");
    private final Process process;
    private final Path log;
    final int port;

    Dossier(String binary, Path folder, String name, String configuration) throws Exception {
        Path file = Files.writeString(folder.resolve(name + ".yaml"), configuration);
        log = folder.resolve(name + ".log");
        process = new ProcessBuilder(binary, "serve", "--config", file.toString(), "--data", folder.resolve(name).toString(),
            "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0").redirectError(log.toFile()).start();
        CompletableFuture<Integer> found = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(found));
        reader.setDaemon(true);
        reader.start();
        try {
            port = found.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            process.destroyForcibly();
            throw new IOException("the server does not start: " + Files.readString(log), e);
        }
    }

    /** Reads what the server prints, to its end, so that it never waits for us. */
    private void read(CompletableFuture<Integer> found) {
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                Matcher m = MLLP.matcher(line);
                if (m.find()) {
                    found.complete(Integer.parseInt(m.group(1)));
                }
            }
            found.completeExceptionally(new IOException("no banner"));
        } catch (IOException e) {
            found.completeExceptionally(e);
        }
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(40, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("the server does not stop");
        }
    }
}
