import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v231.message.ADT_A01;
import ca.uhn.hl7v2.model.v231.message.ADT_A39;
import ca.uhn.hl7v2.model.v25.message.ADT_A24;
import ca.uhn.hl7v2.model.v25.message.ADT_A37;

/** ITI-8 in version 2.3.1, and the events of ITI-30 that the other checks need. */
final class Feeds {
    private Feeds() {}

    /** A01, A04, A05 or A08. */
    static ADT_A01 patient(String trigger, String id, String oid, String family, String given, String birth) throws Exception {
        ADT_A01 m = Line.message(ADT_A01.class, "ADT", trigger, "ADT_A01");
        Line.set(m, "/EVN-1", trigger, "/EVN-2", "20260102030405", "/PID-5-1", family, "/PID-5-2", given, "/PID-7", birth, "/PID-8", "F",
            "/PID-11-1", "Rue Neuve 1", "/PID-11-3", "Luxembourg", "/PID-11-5", "1111", "/PV1-2", "O");
        Line.id(m, "/PID-3", id, oid);
        return m;
    }

    static ADT_A39 merge(String survivor, String subsumed, String oid) throws Exception {
        ADT_A39 m = Line.message(ADT_A39.class, "ADT", "A40", "ADT_A39");
        Line.set(m, "/EVN-1", "A40", "/EVN-2", "20260102030405");
        Line.id(m, "/.PID-3", survivor, oid);
        Line.id(m, "/.MRG-1", subsumed, oid);
        return m;
    }

    /** A24 of ITI-30: two ids are one person. */
    static Message link(String a, String domainA, String b, String domainB) throws Exception {
        ADT_A24 m = Line.message(ADT_A24.class, "ADT", "A24", "ADT_A24");
        return pair(m, a, domainA, b, domainB);
    }

    static Message unlink(String a, String domainA, String b, String domainB) throws Exception {
        ADT_A37 m = Line.message(ADT_A37.class, "ADT", "A37", "ADT_A37");
        return pair(m, a, domainA, b, domainB);
    }

    private static Message pair(Message m, String a, String domainA, String b, String domainB) throws Exception {
        Line.set(m, "/EVN-2", "20260102030405", "/PV1-2", "N", "/PV12-2", "N");
        Line.id(m, "/PID-3", a, domainA);
        Line.id(m, "/PID2-3", b, domainB);
        return m;
    }

    static void accepted(Line line, Message m) throws Exception {
        Message answer = m.getVersion().equals("2.5") ? line.send(m, ca.uhn.hl7v2.model.v25.message.ACK.class)
            : line.send(m, ca.uhn.hl7v2.model.v231.message.ACK.class);
        Check.fields(m.getName(), answer, "/MSA-1", "AA", "/MSH-9-1", "ACK");
    }

    static void run(Line line) throws Exception {
        for (String trigger : new String[] {"A01", "A04", "A05"}) {
            accepted(line, patient(trigger, "F-" + trigger, Peer.A, "Feed", "Fanny", "19700101"));
        }
        accepted(line, patient("A08", "F-A01", Peer.A, "Feed", "Fanny Maria", "19700101"));
        accepted(line, patient("A08", "F-NOBODY", Peer.A, "Feed", "Fanny", "19700101"));
        accepted(line, merge("F-A01", "F-A04", Peer.A));
        refusals(line);
    }

    /** ERR-1 of version 2.3.1 is segment, sequence, field, and code with text. */
    private static void refused(Line line, Message m, String ack, String segment, String field, String code) throws Exception {
        Message answer = line.send(m, ca.uhn.hl7v2.model.v231.message.ACK.class);
        Check.fields(m.getName() + " " + code, answer, "/MSA-1", ack, "/ERR-1-1", segment, "/ERR-1-2", "1", "/ERR-1-3", field, "/ERR-1-4-1", code, "/ERR-1-4-3", "HL70357");
    }

    private static void refusals(Line line) throws Exception {
        refused(line, merge("F-A01", "F-A04", Peer.A), "AE", "MRG", "1", "204");
        refused(line, merge("F-A01", "F-A01", Peer.A), "AE", "MRG", "1", "204");
        refused(line, merge("F-A04", "F-A05", Peer.A), "AE", "PID", "3", "204");
        refused(line, merge("F-A01", "F-NOBODY", Peer.A), "AE", "MRG", "1", "204");
        refused(line, patient("A04", "F-X", "2.999.404", "Feed", "Fanny", "19700101"), "AE", "PID", "3", "204");
        refused(line, patient("A03", "F-X", Peer.A, "Feed", "Fanny", "19700101"), "AR", "MSH", "9", "201");
        Message closed = patient("A04", "F-X", Peer.CLOSED, "Feed", "Fanny", "19700101");
        refused(line, closed, "AE", "PID", "3", "204");
        Message none = patient("A04", "", Peer.A, "Feed", "Fanny", "19700101");
        Line.set(none, "/PID-3-4-2", "", "/PID-3-4-3", "");
        refused(line, none, "AE", "PID", "3", "101");
        Message sex = patient("A04", "F-X", Peer.A, "Feed", "Fanny", "19700101");
        Line.set(sex, "/PID-8", "X");
        refused(line, sex, "AE", "PID", "8", "103");
        Message order = Line.message(ca.uhn.hl7v2.model.v231.message.ORM_O01.class, "ORM", "O01", "ORM_O01");
        refused(line, order, "AR", "MSH", "9", "200");
    }
}
