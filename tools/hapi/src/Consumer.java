import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v25.message.ADT_A05;
import ca.uhn.hl7v2.protocol.MetadataKeys;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationException;
import ca.uhn.hl7v2.util.SocketFactory;
import ca.uhn.hl7v2.util.Terser;

/** A PIX Consumer (ITI-10) made of HAPI's receiver: rejects the first notification (AR) and takes it the second time. */
final class Consumer implements ReceivingApplication<Message>, AutoCloseable {
    private final HapiContext context;
    private final HL7Service service;
    private final List<Message> got = new ArrayList<>();
    private final List<String> raw = new ArrayList<>();

    Consumer(int port, SocketFactory tls) throws Exception {
        context = Line.context(tls);
        service = context.newServer(port, tls != null);
        service.registerApplication(this);
        service.startAndWait();
    }

    @Override
    public boolean canProcess(Message m) {
        return true;
    }

    @Override
    public synchronized Message processMessage(Message m, Map<String, Object> meta) throws ReceivingApplicationException, HL7Exception {
        got.add(m);
        raw.add((String) meta.get(MetadataKeys.IN_RAW_MESSAGE));
        notifyAll();
        try {
            return got.size() == 1 ? m.generateACK(AcknowledgmentCode.AR, new HL7Exception("not now")) : m.generateACK();
        } catch (java.io.IOException e) {
            throw new HL7Exception(e);
        }
    }

    private synchronized List<Message> told(int n) throws InterruptedException {
        for (long end = System.currentTimeMillis() + 30_000; got.size() < n && System.currentTimeMillis() < end; ) {
            wait(100L);
        }
        return new ArrayList<>(got);
    }

    /** Links two patients and looks at what the consumer is told. */
    void run(Line line) throws Exception {
        Feeds.accepted(line, Feeds.patient("A04", "N-1", Peer.A, "Notiz", "Nora", "19720101"));
        Feeds.accepted(line, Feeds.patient("A04", "N-2", Peer.B, "Notiz", "Nora", "19720101"));
        Feeds.accepted(line, Feeds.link("N-1", Peer.A, "N-2", Peer.B));
        List<Message> told = told(2);
        Thread.sleep(500);
        told = told(2);
        if (!Check.equal("notifications", told.size(), 2)) {
            return;
        }
        for (Message m : told) {
            Check.equal("notification: structure", m.getClass(), ADT_A05.class);
            // The single space of ITI TF-2: 3.10.4.1.2.2, which HAPI trims, so that it misses a name.
            Check.equal("notification: what the structure forbids", Strict.problems(m), List.of("ADT_A05/PID-5 is required"));
            Check.fields("notification", m, "/MSH-9-1", "ADT", "/MSH-9-2", "A31", "/MSH-9-3", "ADT_A05", "/MSH-5", "EMR", "/MSH-6", "HAPI", "/MSH-12", "2.5",
                "/PID-3(0)-1", "N-1", "/PID-3(0)-4-1", "HOSP-A", "/PID-3(0)-4-2", Peer.A, "/PID-3(1)-1", "N-2", "/PID-3(1)-4-2", Peer.B, "/PV1-2", "N");
        }
        for (String text : raw) {
            Check.equal("notification: PID-5 in " + text, text.contains("&ISO|| \rPV1"), true);
        }
        Check.equal("notification: the same MSH-10 after AR", new Terser(told.get(1)).get("/MSH-10"), new Terser(told.get(0)).get("/MSH-10"));
    }

    @Override
    public void close() throws Exception {
        service.stopAndWait();
        context.close();
    }
}
