package org.postbane.act;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Hands mails to the MTA, which queues them; it adds Date and Message-ID. */
final class Sendmail {

    private final Programs programs;
    private final Path program;

    Sendmail(String action, Path program, Duration patience) {
        programs = new Programs(action, patience);
        this.program = program;
    }

    /**
     * Hands over one mail.
     *
     * @param type of its content, with parameters
     * @param body in ASCII, lines ended by a newline
     */
    void send(String from, String to, String subject, String type, String body) throws ActionException {
        String mail = """
                From: %s
                To: %s
                Subject: %s
                Auto-Submitted: auto-generated
                MIME-Version: 1.0
                Content-Type: %s

                %s""".formatted(from, to, News.plain(subject), type, body);
        programs.run(List.of(program.toString(), "-i", "-f", from, "--", to), mail);
    }
}
