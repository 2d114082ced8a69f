import ca.uhn.hl7v2.model.v25.message.QBP_Q21;
import ca.uhn.hl7v2.model.v25.message.RSP_K23;

/** ITI-9: the cases of ITI TF-2: 3.9.4.2.2.6. */
final class CrossReferences {
    private CrossReferences() {}

    static QBP_Q21 query(String tag, String id, String oid, String... wanted) throws Exception {
        QBP_Q21 m = Line.message(QBP_Q21.class, "QBP", "Q23", "QBP_Q21");
        Line.set(m, "/QPD-1-1", "IHE PIX Query", "/QPD-2", tag, "/RCP-1", "I");
        Line.id(m, "/QPD-3", id, oid);
        for (int i = 0; i < wanted.length; i++) {
            String path = "/QPD-4(" + i + ")-4";
            Line.set(m, path + "-2", wanted[i], path + "-3", "ISO");
        }
        return m;
    }

    /** The answer, with everything that all answers have. */
    static RSP_K23 ask(Line line, QBP_Q21 q, String ack, String status) throws Exception {
        RSP_K23 r = line.send(q, RSP_K23.class);
        String tag = Line.tag(q);
        Check.fields(tag, r, "/MSH-9-1", "RSP", "/MSH-9-2", "K23", "/MSH-9-3", "RSP_K23", "/MSA-1", ack, "/QAK-1", tag, "/QAK-2", status);
        Check.equal(tag + ": QPD as it was asked", r.getQPD().encode(), q.getQPD().encode());
        return r;
    }

    private static void refused(Line line, QBP_Q21 q, String field, String repetition, String component) throws Exception {
        RSP_K23 r = ask(line, q, "AE", "AE");
        Check.fields(Line.tag(q), r, "/ERR-1-1", "", "/ERR-2-1", "QPD", "/ERR-2-2", "1", "/ERR-2-3", field, "/ERR-2-4", repetition,
            "/ERR-2-5", component, "/ERR-3-1", "204", "/ERR-3-3", "HL70357", "/ERR-4", "E");
        Check.equal("a refusal has no PID", r.getQUERY_RESPONSE().getPID().isEmpty(), true);
    }

    /** One ERR for each domain (case 5): version 2.5 has a place for one, so that it takes HAPI without our settings to read both. */
    static void severalErrors(Line lenient) throws Exception {
        Check.fields("two domains", lenient.exchange(query("two-domains", "X-1", Peer.A, "2.999.404", Peer.B, "2.999.405")), "/MSA-1", "AE",
            "/QAK-2", "AE", "/ERR-2-3", "4", "/ERR-2-4", "1", "/ERR-3-1", "204", "/ERR2-2-3", "4", "/ERR2-2-4", "3", "/ERR2-3-1", "204");
    }

    static void run(Line line) throws Exception {
        Feeds.accepted(line, Feeds.patient("A04", "X-1", Peer.A, "Kross", "Karin", "19610203"));
        Feeds.accepted(line, Feeds.patient("A04", "X-2", Peer.B, "Kross", "Karin", "19610203"));
        Feeds.accepted(line, Feeds.link("X-1", Peer.A, "X-2", Peer.B));

        RSP_K23 r = ask(line, query("found", "X-1", Peer.A), "AA", "OK");
        Check.fields("found", r, "/.PID-3-1", "X-2", "/.PID-3-4-1", "HOSP-B", "/.PID-3-4-2", Peer.B, "/.PID-3-4-3", "ISO", "/.PID-5(0)-1-1", "", "/.PID-5(1)-7", "S");
        Check.equal("found: one id", r.getQUERY_RESPONSE().getPID().getPatientIdentifierListReps(), 1);
        Check.fields("wanted", ask(line, query("wanted", "X-2", Peer.B, Peer.A), "AA", "OK"), "/.PID-3-1", "X-1", "/.PID-3-4-1", "HOSP-A");

        Check.equal("none has no PID", ask(line, query("none", "X-1", Peer.A, Peer.AFFINITY), "AA", "NF").getQUERY_RESPONSE().getPID().isEmpty(), true);
        refused(line, query("nobody", "X-404", Peer.A), "3", "1", "1");
        refused(line, query("no-domain", "X-1", "2.999.404"), "3", "1", "4");
        refused(line, query("no-wanted", "X-1", Peer.A, Peer.B, "2.999.404"), "4", "2", "");
        QBP_Q21 vague = query("", "X-1", Peer.A);
        Check.fields("no tag", line.send(vague, RSP_K23.class), "/MSA-1", "AE", "/ERR-2-1", "QPD", "/ERR-2-3", "2", "/ERR-3-1", "101");
        QBP_Q21 old = query("named", "X-1", Peer.A);
        Line.set(old, "/QPD-1-1", "QRY_1001", "/QPD-1-2", "Query for Corresponding Identifiers", "/QPD-1-3", "IHEDEMO");
        ask(line, old, "AA", "OK");

        Feeds.accepted(line, Feeds.unlink("X-1", Peer.A, "X-2", Peer.B));
        ask(line, query("unlinked", "X-1", Peer.A), "AA", "NF");
    }
}
