package tfx.runtime.interop;

import com.oracle.truffle.api.exception.AbstractTruffleException;
import com.oracle.truffle.api.interop.ArityException;
import com.oracle.truffle.api.interop.ExceptionType;
import com.oracle.truffle.api.interop.InteropLibrary;
import com.oracle.truffle.api.library.LibraryExport;
import com.oracle.truffle.api.source.SourceSection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** A fault of what the guest gave, as an exception of the guest language: the message as on a terminal, the place in the source. */
public final class GuestFault extends AbstractTruffleException {
    private static final long serialVersionUID = 1L;

    static {
        LibraryExport.register(GuestFault.class, new Export());
    }

    private final transient List<Diagnostic> diagnostics;
    private final transient ExceptionType type;

    private GuestFault(TfxException fault, ExceptionType type) {
        super(fault.getMessage());
        this.diagnostics = fault.diagnostics();
        this.type = type;
    }

    /** A fault in a source text, found before anything of it runs. */
    public static GuestFault ofSource(TfxException fault) {
        return new GuestFault(fault, ExceptionType.PARSE_ERROR);
    }

    /** What a guest asks for. */
    interface Action<T> {
        T run() throws ArityException;
    }

    /** Runs the action; its faults become guest exceptions. */
    static <T> T translated(Action<T> action) throws ArityException {
        try {
            return action.run();
        } catch (TfxException fault) {
            throw new GuestFault(fault, ExceptionType.RUNTIME_ERROR);
        } catch (UncheckedIOException fault) {
            throw new GuestFault(new TfxException(file(fault.getCause())), ExceptionType.RUNTIME_ERROR);
        }
    }

    private static Diagnostic file(IOException fault) {
        return Diagnostic.error(
                "TFX0603", "file", String.valueOf(fault.getMessage()), "check the path and its permissions");
    }

    @Override
    public @Nullable SourceSection getEncapsulatingSourceSection() {
        return diagnostics.stream()
                .filter(diagnostic -> diagnostic.span() != null)
                .findFirst()
                .map(diagnostic -> SourceTexts.section(diagnostic.span()))
                .orElse(null);
    }

    /** The stable code of the first fault, as the member {@code code}; whether the source or the run is at fault. */
    private static final class Messages extends InteropLibrary {
        private static final String CODE = "code";
        private static final String MEND = "mend";

        @Override
        public boolean accepts(Object receiver) {
            return receiver instanceof GuestFault;
        }

        @Override
        public boolean isAdoptable() {
            return false;
        }

        @Override
        public ExceptionType getExceptionType(Object receiver) {
            return ((GuestFault) receiver).type;
        }

        @Override
        public boolean hasMembers(Object receiver) {
            return true;
        }

        @Override
        public Object getMembers(Object receiver, boolean includeInternal) {
            return Values.list(null, List.of(CODE, MEND));
        }

        @Override
        public boolean isMemberReadable(Object receiver, String member) {
            return member.equals(CODE) || member.equals(MEND);
        }

        @Override
        public Object readMember(Object receiver, String member)
                throws com.oracle.truffle.api.interop.UnknownIdentifierException {
            Diagnostic first = ((GuestFault) receiver).diagnostics.getFirst();
            return switch (member) {
                case CODE -> first.code();
                case MEND -> first.mend();
                default -> throw com.oracle.truffle.api.interop.UnknownIdentifierException.create(member);
            };
        }
    }

    private static final class Export extends LibraryExport<InteropLibrary> {
        Export() {
            super(InteropLibrary.class, GuestFault.class, false);
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
}
