package tfx.runtime.interop;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.interop.ArityException;
import com.oracle.truffle.api.interop.InteropLibrary;
import com.oracle.truffle.api.interop.TruffleObject;
import com.oracle.truffle.api.library.LibraryExport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An object as other languages see it: members by name, elements by number, calls. A subclass overrides what it has;
 * {@link Messages} turns interop messages into these calls, and faults into {@link GuestFault}s.
 */
public abstract class GuestObject implements TruffleObject {
    static {
        LibraryExport.register(GuestObject.class, new Messages.Export());
    }

    private final @Nullable TruffleLanguage<?> language;

    /** @param language the language the object is one of, or null where it was made outside any context */
    protected GuestObject(@Nullable TruffleLanguage<?> language) {
        this.language = language;
    }

    public final @Nullable TruffleLanguage<?> language() {
        return language;
    }

    /** What the object is, in one line. */
    protected abstract String display();

    /** Names of members, in the order they are shown. */
    protected List<String> members() {
        return List.of();
    }

    /** A member's value: a number, a text, a truth value or a {@link GuestObject}; null where there is none of that name. */
    protected @Nullable Object member(String name) {
        return null;
    }

    /** How many elements it has; -1: it is no array. */
    protected long size() {
        return -1;
    }

    /** The element at {@code index}, which lies in {@code 0 .. size()}. */
    protected Object element(long index) {
        throw new IllegalStateException("no elements");
    }

    protected boolean callable() {
        return false;
    }

    protected Object call(Object[] arguments) throws ArityException {
        throw new IllegalStateException("not callable");
    }

    protected boolean instantiable() {
        return false;
    }

    protected Object instantiate(Object[] arguments) throws ArityException {
        throw new IllegalStateException("not instantiable");
    }

    /** Whether its members are the names of the language's top scope. */
    protected boolean scope() {
        return false;
    }

    @Override
    public final String toString() {
        return display();
    }

    static InteropLibrary interop() {
        return InteropLibrary.getUncached();
    }
}
