import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.parser.UnexpectedSegmentBehaviourEnum;
import ca.uhn.hl7v2.util.SocketFactory;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.util.idgenerator.InMemoryIDGenerator;
import ca.uhn.hl7v2.validation.builder.support.DefaultValidationBuilder;

/** One MLLP connection of HAPI to the server. Whatever comes back passes HAPI's validation and Strict. */
final class Line implements AutoCloseable {
    private static final AtomicLong NUMBER = new AtomicLong();
    private final HapiContext context;
    private final Connection connection;

    Line(int port, SocketFactory tls) throws Exception {
        this(port, tls, 30);
    }

    /** seconds is how long an answer may take. */
    Line(int port, SocketFactory tls, int seconds) throws Exception {
        this(port, tls, seconds, context(tls));
    }

    private Line(int port, SocketFactory tls, int seconds, HapiContext context) throws Exception {
        this.context = context;
        connection = context.newClient("127.0.0.1", port, tls != null);
        connection.getInitiator().setTimeout(seconds, TimeUnit.SECONDS);
    }

    /** A context that refuses what does not belong into a structure, with the character set of MSH-18 on the wire. */
    static HapiContext context(SocketFactory tls) {
        HapiContext c = new DefaultHapiContext(Executors.newCachedThreadPool()); // the default is shared, and ends with the first context
        c.setLowerLayerProtocol(new MinLowerLayerProtocol(true));
        c.getParserConfiguration().setUnexpectedSegmentBehaviour(UnexpectedSegmentBehaviourEnum.THROW_HL7_EXCEPTION);
        c.getParserConfiguration().setIdGenerator(new InMemoryIDGenerator()); // the default counts in a file of the working directory
        c.setValidationRuleBuilder(new Rules());
        if (tls != null) {
            c.setSocketFactory(tls);
        }
        return c;
    }

    /** HAPI's own rules of data types, and no segment that the structure does not know. */
    static final class Rules extends DefaultValidationBuilder {
        private static final long serialVersionUID = 1;

        @Override
        protected void configure() {
            super.configure();
            forAllVersions().message().all().onlyKnownSegments();
        }
    }

    /** A connection of HAPI as it is without settings: what a structure has no place for is added to it. */
    static Line lenient(int port) throws Exception {
        return new Line(port, null, 30, new DefaultHapiContext(Executors.newCachedThreadPool()));
    }

    /** Sends a message and takes the answer as it is. */
    Message exchange(Message m) throws Exception {
        return connection.getInitiator().sendAndReceive(m);
    }

    /** A message with its MSH. */
    static <T extends Message> T message(Class<T> structure, String type, String trigger, String name) throws Exception {
        T m = structure.getConstructor().newInstance();
        set(m, "/MSH-1", "|", "/MSH-2", "^~\\&", "/MSH-3", "HAPI", "/MSH-4", "CLINIC", "/MSH-5", "DOSSIER", "/MSH-6", "DOSSIER",
            "/MSH-7", "20260102030405", "/MSH-9-1", type, "/MSH-9-2", trigger, "/MSH-9-3", name, "/MSH-10", "H" + NUMBER.incrementAndGet(),
            "/MSH-11", "P", "/MSH-12", m.getVersion());
        return m;
    }

    static void set(Message m, String... pairs) throws Exception {
        Terser t = new Terser(m);
        for (int i = 0; i < pairs.length; i += 2) {
            t.set(pairs[i], pairs[i + 1]);
        }
    }

    /** QPD-2. */
    static String tag(Message query) throws Exception {
        String tag = new Terser(query).get("/QPD-2");
        return tag == null ? "" : tag;
    }

    /** Puts ID^^^&OID&ISO into a field. */
    static void id(Message m, String path, String id, String oid) throws Exception {
        set(m, path + "-1", id, path + "-4-2", oid, path + "-4-3", "ISO");
    }

    /** Sends a message and takes the answer, which must be of a structure and in order. */
    <T extends Message> T send(Message m, Class<T> structure) throws Exception {
        Message answer = connection.getInitiator().sendAndReceive(m);
        String what = m.getName() + " " + new Terser(m).get("/MSH-10");
        Check.equal(what + ": structure of the answer", answer.getClass(), structure);
        List<String> problems = Strict.problems(answer);
        if (!Check.equal(what + ": what the structure forbids", problems, List.of())) {
            System.out.println(answer.encode().replace('\r', '\n'));
        }
        Terser sent = new Terser(m);
        Check.fields(what, answer, "/MSA-2", sent.get("/MSH-10"), "/MSH-5", "HAPI", "/MSH-6", "CLINIC", "/MSH-3", "DOSSIER", "/MSH-11", "P", "/MSH-12", m.getVersion());
        return structure.cast(answer);
    }

    @Override
    public void close() throws Exception {
        connection.close();
        context.close();
    }
}
