import ca.uhn.hl7v2.model.v231.message.ADT_A01;
import ca.uhn.hl7v2.model.v25.message.QBP_Q21;

/** Character sets, delimiters and escapes as HAPI writes them. */
final class Letters {
    private static final String FAMILY = "Müßig-Ætna", GIVEN = "Zoé";

    private Letters() {}

    static void run(Line line) throws Exception {
        for (String charset : new String[] {"8859/1", "UNICODE UTF-8"}) {
            String id = "L-" + charset.charAt(0);
            ADT_A01 m = Feeds.patient("A04", id, Peer.A, FAMILY, GIVEN, "19550505");
            Line.set(m, "/MSH-18", charset);
            Feeds.accepted(line, m);
            QBP_Q21 q = Demographics.query("letters " + id, "@PID.3.1", id, "@PID.3.4.2", Peer.A, "@PID.5.1.1", FAMILY);
            Line.set(q, "/MSH-18", charset);
            Check.fields(charset, Demographics.ask(line, q, "AA", "OK"), "/.PID-3-1", id, "/.PID-5-1-1", FAMILY, "/.PID-5-2", GIVEN, "/MSH-18", "UNICODE UTF-8");
        }
        String odd = "A|B^C&D~E\\F";
        Feeds.accepted(line, Feeds.patient("A04", "L-odd", Peer.A, odd, "Ora", "19550506"));
        QBP_Q21 q = Demographics.query("odd|^~\\&tag", "@PID.3.1", "L-odd", "@PID.3.4.2", Peer.A);
        Check.fields("escapes", Demographics.ask(line, q, "AA", "OK"), "/.PID-5-1-1", odd, "/QPD-2", "odd|^~\\&tag");

        ADT_A01 own = Feeds.patient("A04", "L-own", Peer.A, "Own|Way", "Olga", "19550507");
        Line.set(own, "/MSH-1", "#", "/MSH-2", "*!%@");
        Feeds.accepted(line, own);
        Check.fields("delimiters", Demographics.ask(line, Demographics.query("own", "@PID.3.1", "L-own", "@PID.3.4.2", Peer.A), "AA", "OK"), "/.PID-5-1-1", "Own|Way");
    }
}
