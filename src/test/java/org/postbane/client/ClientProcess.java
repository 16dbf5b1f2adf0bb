package org.postbane.client;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The client as a process: {@code ClientProcess SOCKET WORD...}. Exits with 99 where no daemon listens. */
public final class ClientProcess {

    private ClientProcess() {}

    public static void main(String[] args) throws IOException {
        int status = Client.run(
                Path.of(args[0]),
                Arrays.copyOfRange(args, 1, args.length),
                0,
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
        System.exit(status == Client.NO_DAEMON ? 99 : status);
    }
}
