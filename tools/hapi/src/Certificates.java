import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

import ca.uhn.hl7v2.util.StandardSocketFactory;

/** The TLS side of HAPI with the files that "dossier pki demo" makes. */
final class Certificates extends StandardSocketFactory {
    private final SSLContext context;

    /** name is the certificate to show, null to show none. */
    Certificates(Path folder, String name) throws Exception {
        char[] password = "".toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, password);
        if (name != null) {
            keys.setKeyEntry("own", key(folder.resolve(name + "-key.pem")), password, read(folder.resolve(name + ".pem")).toArray(new Certificate[0]));
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, password);
        for (Certificate c : read(folder.resolve("ca.pem"))) {
            trusted.setCertificateEntry("ca", c);
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, password);
        TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(trusted);
        context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), others.getTrustManagers(), null);
    }

    private static Collection<? extends Certificate> read(Path file) throws Exception {
        try (InputStream in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
    }

    private static PrivateKey key(Path file) throws Exception {
        String text = Files.readString(file).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }

    @Override
    public Socket createTlsSocket() throws java.io.IOException {
        return context.getSocketFactory().createSocket();
    }

    @Override
    public ServerSocket createTlsServerSocket() throws java.io.IOException {
        SSLServerSocket s = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        s.setNeedClientAuth(true);
        return s;
    }
}
