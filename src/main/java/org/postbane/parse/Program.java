package org.postbane.parse;

/**
 * Who wrote a line, as the syslog header says: {@code program[pid]:}.
 *
 * @param name as logged, e.g. {@code postfix/submission/smtpd} or {@code amavis}
 * @param pid 0 where the header has none
 */
public record Program(String name, int pid) {}
