import java.util.Set;
import java.util.TreeSet;

import ca.uhn.hl7v2.model.v25.message.ACK;
import ca.uhn.hl7v2.model.v25.message.QBP_Q21;
import ca.uhn.hl7v2.model.v25.message.QCN_J01;
import ca.uhn.hl7v2.model.v25.message.RSP_K21;

/** ITI-21, with continuation and cancellation. */
final class Demographics {
    private Demographics() {}

    /** criteria are name and value in turn. */
    static QBP_Q21 query(String tag, String... criteria) throws Exception {
        QBP_Q21 m = Line.message(QBP_Q21.class, "QBP", "Q22", "QBP_Q21");
        Line.set(m, "/QPD-1-1", "IHE PDQ Query", "/QPD-2", tag, "/RCP-1", "I");
        for (int i = 0; i < criteria.length; i += 2) {
            Line.set(m, "/QPD-3(" + i / 2 + ")-1", criteria[i], "/QPD-3(" + i / 2 + ")-2", criteria[i + 1]);
        }
        return m;
    }

    static RSP_K21 ask(Line line, QBP_Q21 q, String ack, String status) throws Exception {
        RSP_K21 r = line.send(q, RSP_K21.class);
        String tag = Line.tag(q);
        Check.fields(tag, r, "/MSH-9-1", "RSP", "/MSH-9-2", "K22", "/MSH-9-3", "RSP_K21", "/MSA-1", ack, "/QAK-1", tag, "/QAK-2", status);
        Check.equal(tag + ": QPD as it was asked", r.getQPD().encode(), q.getQPD().encode());
        return r;
    }

    static void run(Line line) throws Exception {
        for (int i = 1; i <= 5; i++) {
            Feeds.accepted(line, Feeds.patient("A04", "D-" + i, Peer.A, "Demograf", "Dora" + "ABCDE".charAt(i - 1), "198002" + (10 + i)));
        }
        RSP_K21 one = ask(line, query("hit", "@PID.5.1.1", "DEMOGRAF", "@PID.7", "19800213", "@PID.8", "F"), "AA", "OK");
        Check.fields("hit", one, "/.PID-3-1", "D-3", "/.PID-3-4-1", "HOSP-A", "/.PID-3-4-2", Peer.A, "/.PID-5-1-1", "Demograf", "/.PID-5-2", "DoraC",
            "/.PID-7", "19800213", "/.PID-8", "F", "/.PID-11-3", "Luxembourg", "/QAK-4", "1", "/QAK-5", "1", "/QAK-6", "0", "/DSC-1", "");
        Check.equal("hit: PID", one.getQUERY_RESPONSEReps(), 1);
        Check.equal("all: PID", ask(line, query("all", "@PID.5.1.1", "demogr*"), "AA", "OK").getQUERY_RESPONSEReps(), 5);
        Check.equal("nobody: PID", ask(line, query("nobody", "@PID.5.1.1", "Nemo"), "AA", "NF").getQUERY_RESPONSE().isEmpty(), true);
        QBP_Q21 other = query("other-domain", "@PID.5.1.1", "demogr*");
        Line.set(other, "/QPD-8-4-2", Peer.B, "/QPD-8-4-3", "ISO");
        ask(line, other, "AA", "NF");
        refusals(line);
        continuation(line);
    }

    private static void refused(Line line, QBP_Q21 q, String code, String... place) throws Exception {
        RSP_K21 r = ask(line, q, "AE", "AE");
        for (int i = 0; i < place.length; i++) {
            Check.fields(Line.tag(q), r, "/ERR-2-" + (i + 1), place[i]);
        }
        Check.fields(Line.tag(q), r, "/ERR-3-1", code, "/ERR-3-3", "HL70357", "/ERR-4", "E");
    }

    private static void refusals(Line line) throws Exception {
        QBP_Q21 domain = query("unknown-domain", "@PID.5.1.1", "demogr*");
        Line.set(domain, "/QPD-8-4-2", "2.999.404", "/QPD-8-4-3", "ISO");
        refused(line, domain, "204", "QPD", "1", "8", "1");
        refused(line, query("parameter", "@PID.8", "F", "@ZZZ.1", "x"), "103", "QPD", "1", "3", "2", "1");
        refused(line, query("birth", "@PID.7", "yesterday"), "102", "QPD", "1", "3", "1", "2");
        refused(line, query("loose", "@PID.8", "F"), "207", "QPD", "1", "3");
        refused(line, query("half-an-id", "@PID.3.1", "D-1"), "101", "QPD", "1", "3", "1");
    }

    private static QBP_Q21 block(String tag, String pointer) throws Exception {
        QBP_Q21 q = query(tag, "@PID.5.1.1", "demogr*");
        Line.set(q, "/RCP-2-1", "2", "/RCP-2-2-1", "RD");
        if (pointer != null) {
            Line.set(q, "/DSC-1", pointer, "/DSC-2", "I");
        }
        return q;
    }

    private static void continuation(Line line) throws Exception {
        Set<String> seen = new TreeSet<>();
        String pointer = null;
        int[] remaining = {3, 1, 0};
        for (int left : remaining) {
            RSP_K21 r = ask(line, block("blocks", pointer), "AA", "OK");
            int here = left == 0 ? 1 : 2;
            Check.equal("block: PID", r.getQUERY_RESPONSEReps(), here);
            Check.fields("block", r, "/QAK-4", "5", "/QAK-5", String.valueOf(here), "/QAK-6", String.valueOf(left), "/DSC-2", left == 0 ? "" : "I");
            for (int i = 0; i < r.getQUERY_RESPONSEReps(); i++) {
                seen.add(r.getQUERY_RESPONSE(i).getPID().getPatientIdentifierList(0).getIDNumber().getValue());
            }
            pointer = r.getDSC().getContinuationPointer().getValue();
        }
        Check.equal("blocks: everybody once", seen.toString(), "[D-1, D-2, D-3, D-4, D-5]");

        pointer = ask(line, block("cancelled", null), "AA", "OK").getDSC().getContinuationPointer().getValue();
        QCN_J01 cancel = Line.message(QCN_J01.class, "QCN", "J01", "QCN_J01");
        Line.set(cancel, "/QID-1", "cancelled", "/QID-2-1", "IHE PDQ Query");
        Check.fields("cancel", line.send(cancel, ACK.class), "/MSA-1", "AA", "/MSH-9-2", "J01");
        refused(line, block("cancelled", pointer), "204", "DSC", "1", "1");
    }
}
