import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.util.Terser;

/** Counts what agrees and says what does not. */
final class Check {
    private static final AtomicInteger right = new AtomicInteger(), wrong = new AtomicInteger();

    private Check() {}

    static boolean equal(String what, Object got, Object want) {
        if (Objects.equals(got, want)) {
            right.incrementAndGet();
            return true;
        }
        wrong.incrementAndGet();
        System.out.printf("DIFFERENT %s: got %s, want %s%n", what, got, want);
        return false;
    }

    /** Compares fields of a message: path, value, path, value ... The value "" is an empty or missing field. */
    static void fields(String what, Message m, String... pairs) throws Exception {
        Terser t = new Terser(m);
        boolean ok = true;
        for (int i = 0; i < pairs.length; i += 2) {
            String got = t.get(pairs[i]);
            ok &= equal(what + " " + pairs[i], got == null ? "" : got, pairs[i + 1]);
        }
        if (!ok) {
            System.out.println(m.encode().replace('\r', '\n'));
        }
    }

    static int right() {
        return right.get();
    }

    static int wrong() {
        return wrong.get();
    }
}
