package tfx.generated;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A native library's functions, each of which returns a status: 0 where all is well. */
final class TornadoNatives {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final ValueLayout POINTER = ValueLayout.ADDRESS;

    private final SymbolLookup library;
    private final Map<String, MethodHandle> functions = new ConcurrentHashMap<>();

    private TornadoNatives(SymbolLookup library) {
        this.library = library;
    }

    /** The first library that is there. */
    static Optional<TornadoNatives> find(List<String> names) {
        for (String name : names) {
            try {
                return Optional.of(new TornadoNatives(SymbolLookup.libraryLookup(name, Arena.global())));
            } catch (IllegalArgumentException absent) {
                // The next name may be there.
            }
        }
        return Optional.empty();
    }

    /** The driver of CUDA's devices. */
    static Optional<TornadoNatives> driver() {
        return find(List.of("libcuda.so.1"));
    }

    /** A function with parameters of such types; asked for again it is the same. */
    MethodHandle function(String name, ValueLayout... parameters) {
        return functions.computeIfAbsent(
                name,
                n -> Linker.nativeLinker()
                        .downcallHandle(
                                library.find(n).orElseThrow(() -> new IllegalStateException("there is no " + n)),
                                FunctionDescriptor.of(INT, parameters)));
    }

    /** Calls a function and gives its status. */
    static int status(String name, MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(name + " cannot be called: " + e.getMessage(), e);
        }
    }

    /** Calls a function that must not fail. */
    static void call(String name, MethodHandle function, Object... arguments) {
        int status = status(name, function, arguments);
        if (status != 0) {
            throw new IllegalStateException(name + " failed with status " + status);
        }
    }
}
