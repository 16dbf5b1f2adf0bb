package org.postbane.parse;

/**
 * Who wrote a line, as the syslog header says: {@code program[pid]:}.
 *
 * @param program as logged, e.g. {@code postfix/submission/smtpd} or {@code amavis}
 * @param pid 0 where the header has none
 */
public record Process(String program, int pid) {}
