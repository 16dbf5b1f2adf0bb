package org.postbane.testing;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Set;
import java.util.StringJoiner;

/** Writes records as cases do: name, then each component that says something, {@code component=value}. */
public final class Fields {

    private Fields() {}

    /** All components of {@code value} but those in {@code without}, and but null, 0, false, NaN and empty ones. */
    public static String of(Record value, Set<String> without) {
        StringJoiner text = new StringJoiner(" ");
        text.add(value.getClass().getSimpleName());
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            if (!without.contains(component.getName())) {
                String shown = shown(read(component, value));
                if (!shown.isEmpty()) {
                    text.add(component.getName() + "=" + shown);
                }
            }
        }
        return text.toString();
    }

    private static Object read(RecordComponent component, Record value) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(component.toString(), e);
        }
    }

    private static String shown(Object value) {
        if (value == null || value.equals(false) || value.equals(Double.NaN)) {
            return "";
        }
        if (value instanceof Number number && number.doubleValue() == 0) {
            return "";
        }
        return value instanceof Collection<?> all && all.isEmpty() ? "" : value.toString();
    }
}
