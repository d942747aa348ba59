package tfx.generated;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tfx.backend.tornado.Driver.Multiply;
import tfx.compiler.schedule.ElementType;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * Products of matrices by cuBLAS, as a library of TornadoVM's. Its own binding takes whole arrays of one type; here factors lie
 * anywhere in an array, and sums are in F32 whatever the factors are. Compiled where TornadoVM is installed.
 */
public final class TornadoProducts implements TornadoLibraryProvider {
    private static final String NAME = "tfx/products";
    private static final List<String> LIBRARIES = List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so");
    /** What cuBLAS advises for Hopper; without one of its own it would allocate while a graph is captured. */
    private static final long WORKSPACE = 32L << 20;

    // Values of cublasOperation_t, cudaDataType_t, cublasComputeType_t and cublasGemmAlgo_t.
    private static final int PLAIN = 0;
    private static final int TURNED = 1;
    private static final int F32 = 0;
    private static final int BF16 = 14;
    private static final int COMPUTE_F32 = 68;
    private static final int DEFAULT = -1;

    private static final Optional<SymbolLookup> CUBLAS = library(LIBRARIES);

    private static Optional<SymbolLookup> library(List<String> names) {
        for (String name : names) {
            try {
                return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
            } catch (IllegalArgumentException absent) {
                // The next name may be there.
            }
        }
        return Optional.empty();
    }

    /** Whether cuBLAS is there. */
    static boolean available() {
        return CUBLAS.isPresent();
    }

    /** Adds a product to a graph. */
    static void addTo(TaskGraph graph, String id, Multiply product) {
        Object[] parameters = {
            product.left().array(),
            product.right().array(),
            product.into().array(),
            product.left().first(),
            product.right().first(),
            product.into().first(),
            product.type() == ElementType.BF16 ? 1 : 0,
            product.turned() ? 1 : 0,
            Math.toIntExact(product.right().pitch()),
            product.rows(),
            product.columns(),
            product.depth()
        };
        Access[] access = new Access[parameters.length];
        Arrays.fill(access, Access.READ_ONLY);
        access[0] = product.left().array() == product.into().array() ? Access.READ_WRITE : Access.READ_ONLY;
        access[2] = Access.READ_WRITE;
        graph.libraryTask(
                id,
                (Object array) -> new LibraryTaskDescriptor()
                        .withLibrary(NAME)
                        .withFunction("multiply")
                        .withParameters(parameters)
                        .withAccess(access),
                product.into().array());
    }

    @Override
    public String libraryName() {
        return NAME;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport && available();
    }

    private static final class Context implements LibraryContext {
        private final long handle;
        private final long workspace;
        private final MemorySegment one = Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
        private final MemorySegment zero = Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
        private final MethodHandle multiply;

        Context(long handle, long workspace) {
            this.handle = handle;
            this.workspace = workspace;
            ValueLayout i = ValueLayout.JAVA_INT;
            ValueLayout j = ValueLayout.JAVA_LONG;
            ValueLayout p = ValueLayout.ADDRESS;
            this.multiply = function(CUBLAS.get(), "cublasGemmEx", j, i, i, i, i, i, p, j, i, i, j, i, i, p, j, i, i, i, i);
        }
    }

    private static MethodHandle function(SymbolLookup library, String name, ValueLayout... parameters) {
        return Linker.nativeLinker()
                .downcallHandle(
                        library.find(name).orElseThrow(() -> new IllegalStateException("cuBLAS lacks " + name)),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
    }

    private static void call(String name, MethodHandle function, Object... arguments) {
        int status;
        try {
            status = (int) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(name + " cannot be called: " + e.getMessage(), e);
        }
        if (status != 0) {
            throw new IllegalStateException(name + " failed with status " + status);
        }
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long plan) {
        long stream = ((TornadoNativeStreamSupport) device).getNativeStream(plan);
        SymbolLookup cublas = CUBLAS.get();
        SymbolLookup cuda = library(List.of("libcuda.so.1")).orElseThrow();
        ValueLayout j = ValueLayout.JAVA_LONG;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
            call("cublasCreate", function(cublas, "cublasCreate_v2", ValueLayout.ADDRESS), out);
            long handle = out.get(ValueLayout.JAVA_LONG, 0);
            call("cuMemAlloc", function(cuda, "cuMemAlloc_v2", ValueLayout.ADDRESS, j), out, WORKSPACE);
            long workspace = out.get(ValueLayout.JAVA_LONG, 0);
            call("cublasSetStream", function(cublas, "cublasSetStream_v2", j, j), handle, stream);
            call("cublasSetWorkspace", function(cublas, "cublasSetWorkspace_v2", j, j, j), handle, workspace, WORKSPACE);
            return new Context(handle, workspace);
        }
    }

    @Override
    public void dispatch(String name, LibraryInvocation invocation) {
        Context context = (Context) invocation.getContext();
        boolean half = number(invocation, 6) == 1;
        int bytes = half ? 2 : 4;
        int type = half ? BF16 : F32;
        boolean turned = number(invocation, 7) == 1;
        int rows = number(invocation, 9);
        int columns = number(invocation, 10);
        int depth = number(invocation, 11);
        // cuBLAS counts columns first: its result is ours turned.
        call(
                "cublasGemmEx",
                context.multiply,
                context.handle,
                turned ? PLAIN : TURNED,
                PLAIN,
                columns,
                rows,
                depth,
                context.one,
                pointer(invocation, 1, bytes),
                type,
                number(invocation, 8),
                pointer(invocation, 0, bytes),
                type,
                depth,
                context.zero,
                pointer(invocation, 2, 4),
                F32,
                columns,
                COMPUTE_F32,
                DEFAULT);
    }

    private static int number(LibraryInvocation invocation, int at) {
        return (Integer) invocation.getArg(at);
    }

    private static long pointer(LibraryInvocation invocation, int at, int bytes) {
        return invocation.getDevicePointer(at) + (Long) invocation.getArg(at + 3) * bytes;
    }

    @Override
    public void destroyContext(LibraryContext given) {
        Context context = (Context) given;
        call("cublasDestroy", function(CUBLAS.get(), "cublasDestroy_v2", ValueLayout.JAVA_LONG), context.handle);
        SymbolLookup cuda = library(List.of("libcuda.so.1")).orElseThrow();
        call("cuMemFree", function(cuda, "cuMemFree_v2", ValueLayout.JAVA_LONG), context.workspace);
    }
}
