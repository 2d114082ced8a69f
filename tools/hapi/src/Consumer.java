import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v25.message.ADT_A05;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationException;
import ca.uhn.hl7v2.util.SocketFactory;

/** A PIX Consumer (ITI-10) made of HAPI's receiver: rejects the first notification (AR) and takes it the second time. */
final class Consumer implements ReceivingApplication<Message>, AutoCloseable {
    private final HapiContext context;
    private final HL7Service service;
    private final List<Message> got = new ArrayList<>();

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
            Check.equal("notification: what the structure forbids", Strict.problems(m), List.of());
            Check.fields("notification", m, "/MSH-9-1", "ADT", "/MSH-9-2", "A31", "/MSH-9-3", "ADT_A05", "/MSH-5", "EMR", "/MSH-6", "HAPI", "/MSH-12", "2.5",
                "/PID-3(0)-1", "N-1", "/PID-3(0)-4-1", "HOSP-A", "/PID-3(0)-4-2", Peer.A, "/PID-3(1)-1", "N-2", "/PID-3(1)-4-2", Peer.B, "/PID-5-1", " ", "/PV1-2", "N");
        }
        Check.equal("notification: the same message after AR", told.get(1).encode(), told.get(0).encode());
    }

    @Override
    public void close() throws Exception {
        service.stopAndWait();
        context.close();
    }
}
