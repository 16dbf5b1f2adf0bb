package org.postbane.parse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Shapes of lines that are known to state nothing that matters here, so that what is left is what nobody has understood yet.
 *
 * <p>A shape is the text as the program prints it, with {@code *} for what varies. One that begins with {@code ID: } stands
 * for a line that begins with a queue id. It is asked only of lines that no parser made anything of, and allocates
 * nothing. Immutable.
 */
final class Silent {

    private static final String ID = "ID: ";

    /** What any of Postfix's programs may print, from {@code src/util}, {@code src/global} and {@code src/tls}. */
    private static final String[] POSTFIX = {
        "fatal: *",
        "panic: *",
        "warning: numeric hostname: *",
        "warning: valid_hostname: *",
        "warning: malformed domain name in *",
        "warning: hostname * does not resolve to address *",
        "warning: TLS library problem: *",
        "warning: dict_*",
        "warning: database * is older than source file *",
        "warning: connect to *: *",
        "warning: premature end-of-input on * while reading *",
        "warning: timeout on * while reading *",
        "warning: process * pid * killed by signal *",
        "warning: unknown smtp*_tls_*",
        "table * has changed -- restarting",
        "table * has changed - finishing in the background",
        "using backwards-compatible default setting *",
    };

    /** By the first byte of the shape; the last entry for shapes that begin with {@code *} or another byte. */
    private final Shape[][] shapes = new Shape[129][];

    private final Shape[][] shapesAfterId = new Shape[129][];

    private static final class Shape {
        private final Mark[] pieces;
        /** The first piece stands at the beginning. */
        private final boolean anchored;
        /** Anything may follow the last piece. */
        private final boolean open;

        Shape(String text) {
            pieces = Arrays.stream(text.split("\\*", -1))
                    .filter(piece -> !piece.isEmpty())
                    .map(Mark::of)
                    .toArray(Mark[]::new);
            anchored = !text.startsWith("*");
            open = text.endsWith("*");
        }
    }

    private Silent(List<String> all) {
        List<List<Shape>> plain = lists();
        List<List<Shape>> afterId = lists();
        for (String text : all) {
            boolean id = text.startsWith(ID);
            String shape = id ? text.substring(ID.length()) : text;
            (id ? afterId : plain).get(slot(shape.charAt(0))).add(new Shape(shape));
        }
        for (int i = 0; i < shapes.length; i++) {
            shapes[i] = plain.get(i).toArray(Shape[]::new);
            shapesAfterId[i] = afterId.get(i).toArray(Shape[]::new);
        }
    }

    static Silent of(String... shapes) {
        return new Silent(List.of(shapes));
    }

    /** As {@link #of}, with what any of Postfix's programs may print. */
    static Silent ofPostfix(String... shapes) {
        List<String> all = new ArrayList<>(List.of(POSTFIX));
        all.addAll(List.of(shapes));
        return new Silent(all);
    }

    private static List<List<Shape>> lists() {
        List<List<Shape>> lists = new ArrayList<>();
        for (int i = 0; i <= 128; i++) {
            lists.add(new ArrayList<>());
        }
        return lists;
    }

    private static int slot(int first) {
        return first <= 0 || first == '*' ? 128 : Math.min(first, 128);
    }

    /** Whether {@code body} has one of the shapes. */
    boolean matches(Line body) {
        if (body.length() == 0) {
            return true;
        }
        if (matches(shapes, body, body.start())) {
            return true;
        }
        int colon = PostfixText.endOfId(body);
        return colon >= 0 && colon + 2 < body.end() && matches(shapesAfterId, body, colon + 2);
    }

    private static boolean matches(Shape[][] table, Line body, int from) {
        for (Shape shape : table[slot(body.bytes()[from])]) {
            if (matches(shape, body, from)) {
                return true;
            }
        }
        for (Shape shape : table[128]) {
            if (matches(shape, body, from)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matches(Shape shape, Line body, int from) {
        int at = from;
        int count = shape.pieces.length;
        for (int i = 0; i < count; i++) {
            Mark piece = shape.pieces[i];
            boolean last = i == count - 1 && !shape.open;
            int found;
            if (i == 0 && shape.anchored) {
                found = body.hasAt(at, piece) ? at : -1;
            } else {
                found = last && body.endsWith(piece) ? body.end() - piece.length() : body.indexOf(piece, at);
            }
            if (found < at) {
                return false;
            }
            at = found + piece.length();
        }
        return shape.open || at == body.end();
    }
}
