package org.postbane.daemon;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import jdk.net.UnixDomainPrincipal;

/**
 * The file of the control socket, its directory, and the rule of who may talk there.
 *
 * <p>The rule: root, the user of this process, and the members of the directory&apos;s group. The kernel keeps it, as the
 * socket is {@code 0660} and of that group from the moment when it has its name: it is made in a directory that only we can
 * enter and then renamed. {@link #admits} is a second lock on the same door. The credentials of a peer name its user and its
 * <em>primary</em> group only; that a peer is a member by a supplementary group the kernel alone knows, and it has said so by
 * letting it connect, provided the file is closed to others. So a peer that is not root, not our user and not by its primary
 * group a member is admitted as long as the file is closed to others, and refused once somebody has opened it to them.
 *
 * <p>A directory that others or its group can write to is refused: who can write there can put a socket of his own in the
 * place of ours.
 *
 * <p>Immutable. Shortcoming: of two daemons that start in the same millisecond both may find nobody listening; the lock on the
 * database then stops one of them.
 */
final class SocketFile {

    private static final Set<PosixFilePermission> DIRECTORY_MODE = PosixFilePermissions.fromString("rwxr-x---");
    private static final Set<PosixFilePermission> SOCKET_MODE = PosixFilePermissions.fromString("rw-rw----");

    private final Path path;
    private final ServerSocketChannel server;
    private final Object key;
    private final UserPrincipal root;
    private final UserPrincipal owner;
    private final GroupPrincipal group;

    private SocketFile(
            Path path,
            ServerSocketChannel server,
            Object key,
            UserPrincipal root,
            UserPrincipal owner,
            GroupPrincipal group) {
        this.path = path;
        this.server = server;
        this.key = key;
        this.root = root;
        this.owner = owner;
        this.group = group;
    }

    /**
     * Makes the socket and listens on it. Makes its directory, {@code 0750}, where that is missing, but none above it.
     *
     * @throws IOException another daemon answers there; or the directory is not safe; or something else is in the way. The
     *     message says which, and is for the operator
     */
    static SocketFile listen(Path socket) throws IOException {
        Path path = socket.toAbsolutePath().normalize();
        Path directory = path.getParent();
        if (directory == null) {
            throw new IOException(path + " is no place for a socket");
        }
        make(directory);
        PosixFileAttributes place = Files.readAttributes(directory, PosixFileAttributes.class);
        if (place.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || place.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException("directory %s of the control socket is writable by others (%s): chmod go-w it"
                    .formatted(directory, PosixFilePermissions.toString(place.permissions())));
        }
        ensureNobodyListens(path);

        UserPrincipal root = directory
                .getFileSystem()
                .getUserPrincipalLookupService()
                .lookupPrincipalByName("0"); // by number: it may have another name
        Path hidden = Files.createTempDirectory(directory, "."); // 0700
        Path unnamed = hidden.resolve("s");
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean done = false;
        try {
            UserPrincipal owner = Files.getOwner(hidden);
            if (!place.owner().equals(owner) && !place.owner().equals(root)) {
                throw new IOException("directory %s of the control socket belongs to %s, neither to root nor to %s"
                        .formatted(directory, place.owner().getName(), owner.getName()));
            }
            server.bind(UnixDomainSocketAddress.of(unnamed));
            give(unnamed, place.group());
            Files.setPosixFilePermissions(unnamed, SOCKET_MODE);
            Object key = key(unnamed);
            Files.move(unnamed, path, StandardCopyOption.ATOMIC_MOVE);
            done = true;
            return new SocketFile(path, server, key, root, owner, place.group());
        } finally {
            if (!done) {
                server.close();
                Files.deleteIfExists(unnamed);
            }
            Files.delete(hidden);
        }
    }

    ServerSocketChannel server() {
        return server;
    }

    Path path() {
        return path;
    }

    /** Whether {@code peer}, which has connected, may give commands. */
    boolean admits(UnixDomainPrincipal peer) throws IOException {
        return peer.user().equals(root)
                || peer.user().equals(owner)
                || peer.group().equals(group)
                || closedToOthers();
    }

    /** Removes the file, if it is still the one that we made. */
    void remove() throws IOException {
        try {
            if (key.equals(key(path))) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            return; // somebody tidied up before us
        }
    }

    private boolean closedToOthers() throws IOException {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
        return !mode.contains(PosixFilePermission.OTHERS_READ) && !mode.contains(PosixFilePermission.OTHERS_WRITE);
    }

    private static void make(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(DIRECTORY_MODE));
        } catch (FileAlreadyExistsException e) {
            if (Files.isDirectory(directory)) {
                return;
            }
            throw new IOException(directory + " is no directory", e);
        }
        Files.setPosixFilePermissions(directory, DIRECTORY_MODE); // whatever our umask
    }

    private static void ensureNobodyListens(Path path) throws IOException {
        BasicFileAttributes found;
        try {
            found = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!found.isOther()) {
            throw new IOException(path + " is in the way of the control socket, and is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // a daemon that hangs would let us wait
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return; // a dead daemon left it
        }
        throw new IOException("another daemon answers on " + path);
    }

    private static void give(Path socket, GroupPrincipal group) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(socket, PosixFileAttributeView.class);
        if (!view.readAttributes().group().equals(group)) {
            view.setGroup(group);
        }
    }

    /** Tells this file from another of the same name. */
    private static Object key(Path path) throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
        if (key == null) {
            throw new IOException(path + " is on a file system without inodes");
        }
        return key;
    }
}
