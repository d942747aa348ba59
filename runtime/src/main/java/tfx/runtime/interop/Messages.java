package tfx.runtime.interop;

import com.oracle.truffle.api.CompilerDirectives.TruffleBoundary;
import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.interop.ArityException;
import com.oracle.truffle.api.interop.InteropLibrary;
import com.oracle.truffle.api.interop.InvalidArrayIndexException;
import com.oracle.truffle.api.interop.UnknownIdentifierException;
import com.oracle.truffle.api.interop.UnsupportedMessageException;
import com.oracle.truffle.api.library.LibraryExport;
import org.jspecify.annotations.Nullable;

/** Interop messages to {@link GuestObject}s: what Truffle's annotation processor would write. Has no state: one serves all. */
final class Messages extends InteropLibrary {
    /** How the library finds these. */
    static final class Export extends LibraryExport<InteropLibrary> {
        Export() {
            super(InteropLibrary.class, GuestObject.class, false);
        }

        @Override
        protected InteropLibrary createUncached(Object receiver) {
            return new Messages();
        }

        @Override
        protected InteropLibrary createCached(Object receiver) {
            return new Messages();
        }
    }

    private static GuestObject object(Object receiver) {
        return (GuestObject) receiver;
    }

    @Override
    public boolean accepts(Object receiver) {
        return receiver instanceof GuestObject;
    }

    @Override
    public boolean isAdoptable() {
        return false;
    }

    @Override
    public boolean hasLanguage(Object receiver) {
        return object(receiver).language() != null;
    }

    @Override
    @SuppressWarnings("unchecked")
    public Class<? extends TruffleLanguage<?>> getLanguage(Object receiver) throws UnsupportedMessageException {
        TruffleLanguage<?> language = object(receiver).language();
        if (language == null) {
            throw UnsupportedMessageException.create();
        }
        return (Class<? extends TruffleLanguage<?>>) language.getClass();
    }

    @Override
    @TruffleBoundary
    public Object toDisplayString(Object receiver, boolean allowSideEffects) {
        return object(receiver).display();
    }

    @Override
    public boolean isScope(Object receiver) {
        return object(receiver).scope();
    }

    @Override
    @TruffleBoundary
    public boolean hasMembers(Object receiver) {
        return object(receiver).scope() || !object(receiver).members().isEmpty();
    }

    @Override
    @TruffleBoundary
    public Object getMembers(Object receiver, boolean includeInternal) throws UnsupportedMessageException {
        if (!hasMembers(receiver)) {
            throw UnsupportedMessageException.create();
        }
        return Values.list(object(receiver).language(), object(receiver).members());
    }

    @Override
    @TruffleBoundary
    public boolean isMemberReadable(Object receiver, String member) {
        return object(receiver).members().contains(member);
    }

    @Override
    @TruffleBoundary
    public Object readMember(Object receiver, String member)
            throws UnsupportedMessageException, UnknownIdentifierException {
        if (!hasMembers(receiver)) {
            throw UnsupportedMessageException.create();
        }
        @Nullable Object value = object(receiver).member(member);
        if (value == null) {
            throw UnknownIdentifierException.create(member);
        }
        return value;
    }

    @Override
    @TruffleBoundary
    public boolean isMemberInvocable(Object receiver, String member) {
        return isMemberReadable(receiver, member)
                && object(receiver).member(member) instanceof GuestObject value
                && value.callable();
    }

    @Override
    @TruffleBoundary
    public Object invokeMember(Object receiver, String member, Object... arguments)
            throws UnsupportedMessageException, UnknownIdentifierException, ArityException {
        if (readMember(receiver, member) instanceof GuestObject value && value.callable()) {
            return GuestFault.translated(() -> value.call(arguments));
        }
        throw UnsupportedMessageException.create();
    }

    @Override
    public boolean isExecutable(Object receiver) {
        return object(receiver).callable();
    }

    @Override
    @TruffleBoundary
    public Object execute(Object receiver, Object... arguments) throws UnsupportedMessageException, ArityException {
        if (!object(receiver).callable()) {
            throw UnsupportedMessageException.create();
        }
        return GuestFault.translated(() -> object(receiver).call(arguments));
    }

    @Override
    public boolean isInstantiable(Object receiver) {
        return object(receiver).instantiable();
    }

    @Override
    @TruffleBoundary
    public Object instantiate(Object receiver, Object... arguments) throws UnsupportedMessageException, ArityException {
        if (!object(receiver).instantiable()) {
            throw UnsupportedMessageException.create();
        }
        return GuestFault.translated(() -> object(receiver).instantiate(arguments));
    }

    @Override
    public boolean hasArrayElements(Object receiver) {
        return object(receiver).size() >= 0;
    }

    @Override
    public long getArraySize(Object receiver) throws UnsupportedMessageException {
        if (!hasArrayElements(receiver)) {
            throw UnsupportedMessageException.create();
        }
        return object(receiver).size();
    }

    @Override
    public boolean isArrayElementReadable(Object receiver, long index) {
        return index >= 0 && index < object(receiver).size();
    }

    @Override
    @TruffleBoundary
    public Object readArrayElement(Object receiver, long index)
            throws UnsupportedMessageException, InvalidArrayIndexException {
        if (!hasArrayElements(receiver)) {
            throw UnsupportedMessageException.create();
        }
        if (!isArrayElementReadable(receiver, index)) {
            throw InvalidArrayIndexException.create(index);
        }
        return object(receiver).element(index);
    }
}
