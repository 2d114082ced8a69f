import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import ca.uhn.hl7v2.util.SocketFactory;

/** Many messages at a time: on connections of their own, and by several threads on one, which HAPI sends without waiting. */
final class Together {
    private static final int EACH = 10;

    private Together() {}

    static void run(int port, SocketFactory tls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Line shared = new Line(port, tls)) {
            List<Callable<Void>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String own = "T-own-" + i, one = "T-one-" + i;
                work.add(() -> {
                    try (Line line = new Line(port, tls)) {
                        turns(line, own);
                    }
                    return null;
                });
                work.add(() -> {
                    turns(shared, one);
                    return null;
                });
            }
            for (Future<Void> f : threads.invokeAll(work)) {
                f.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void turns(Line line, String name) throws Exception {
        for (int i = 0; i < EACH; i++) {
            String id = name + "-" + i;
            Feeds.accepted(line, Feeds.patient("A04", id, Peer.A, "Together", "T" + id, "19650101"));
            CrossReferences.ask(line, CrossReferences.query(id, id, Peer.A), "AA", "NF");
        }
    }
}
