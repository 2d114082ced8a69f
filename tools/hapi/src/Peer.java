import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

import ca.uhn.hl7v2.HL7Exception;

/** Runs all checks on a server in the clear and on one over TLS. Exit code 1 when anything is different. */
public final class Peer {
    static final String AFFINITY = "2.999.1.1", A = "2.999.2.1", B = "2.999.2.2", CLOSED = "2.999.2.3";

    private Peer() {}

    public static void main(String[] args) throws Exception {
        String binary = Path.of(args[0]).toAbsolutePath().toString();
        Path folder = Files.createTempDirectory("hapi");
        try {
            plain(binary, folder);
            tls(binary, folder);
        } finally {
            try (Stream<Path> all = Files.walk(folder)) {
                all.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
            }
        }
        System.out.printf("HAPI HL7v2: %d checks agree, %d differ%n", Check.right(), Check.wrong());
        System.exit(Check.wrong() == 0 ? 0 : 1);
    }

    private static String configuration(String consumer) {
        return "pix:\n  poll: 50ms\n  retry: 50ms\n  domains:\n"
            + "    - {oid: " + A + ", namespace: HOSP-A}\n"
            + "    - {oid: " + B + ", namespace: HOSP-B, sources: [\"HAPI|CLINIC\"]}\n"
            + "    - {oid: " + CLOSED + ", namespace: HOSP-C, sources: [\"OTHER\"]}\n"
            + "  consumers:\n    - {name: hapi, address: \"" + consumer + "\", application: EMR, facility: HAPI}\n";
    }

    private static int freePort() throws Exception {
        try (ServerSocket s = new ServerSocket(0)) {
            return s.getLocalPort();
        }
    }

    private static void plain(String binary, Path folder) throws Exception {
        int port = freePort();
        try (Consumer consumer = new Consumer(port, null);
            Dossier server = new Dossier(binary, folder, "plain", configuration("127.0.0.1:" + port));
            Line line = new Line(server.port, null)) {
            consumer.run(line);
            Feeds.run(line);
            Demographics.run(line);
            Letters.run(line);
            Together.run(server.port, null);
        }
        // Links would be told to the consumer, which counts what it gets.
        try (Dossier server = new Dossier(binary, folder, "queries", configuration("127.0.0.1:1"));
            Line line = new Line(server.port, null);
            Line lenient = Line.lenient(server.port)) {
            CrossReferences.run(line);
            CrossReferences.severalErrors(lenient);
        }
    }

    private static void tls(String binary, Path folder) throws Exception {
        Path pki = folder.resolve("pki");
        Process demo = new ProcessBuilder(binary, "pki", "demo", pki.toString()).inheritIO().redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        Check.equal("dossier pki demo", demo.waitFor(), 0);
        Certificates own = new Certificates(pki, "client");
        int port = freePort();
        String configuration = Files.readString(pki.resolve("tls.yaml")) + configuration("mllps://localhost:" + port);
        try (Consumer consumer = new Consumer(port, own);
            Dossier server = new Dossier(binary, folder, "tls", configuration);
            Line line = new Line(server.port, own)) {
            consumer.run(line);
            Together.run(server.port, own);
            boolean served = true;
            try (Line stranger = new Line(server.port, new Certificates(pki, null), 2)) {
                Feeds.accepted(stranger, Feeds.patient("A04", "S-1", A, "Stranger", "Stan", "19700101"));
            } catch (HL7Exception | java.io.IOException | ca.uhn.hl7v2.llp.LLPException e) {
                served = false;
            }
            Check.equal("served without a certificate", served, false);
        }
    }
}
