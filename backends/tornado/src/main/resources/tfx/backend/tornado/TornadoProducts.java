package tfx.generated;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tfx.backend.tornado.Driver.Block;
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
        // Each array once: a task that took over an array from itself would wait for itself.
        List<Object> arrays = new ArrayList<>();
        Block[] blocks = {product.left(), product.right(), product.into()};
        for (Block block : blocks) {
            if (!arrays.contains(block.array())) {
                arrays.add(block.array());
            }
        }
        Access[] access = new Access[arrays.size()];
        Arrays.fill(access, Access.READ_ONLY);
        access[arrays.indexOf(product.into().array())] = Access.READ_WRITE;
        graph.libraryTask(
                id,
                (Object array) -> new LibraryTaskDescriptor()
                        .withLibrary(NAME)
                        .withFunction("multiply")
                        .withParameters(arrays.toArray())
                        .withAccess(access)
                        .withTuning(product),
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
        Multiply product = (Multiply) invocation.getTuning();
        boolean half = product.type() == ElementType.BF16;
        int type = half ? BF16 : F32;
        // cuBLAS counts columns first: its result is ours turned.
        call(
                "cublasGemmEx",
                context.multiply,
                context.handle,
                product.turned() ? PLAIN : TURNED,
                PLAIN,
                product.columns(),
                product.rows(),
                product.depth(),
                context.one,
                pointer(invocation, product.right(), half ? 2 : 4),
                type,
                Math.toIntExact(product.right().pitch()),
                pointer(invocation, product.left(), half ? 2 : 4),
                type,
                Math.toIntExact(product.left().pitch()),
                product.adds() ? context.one : context.zero,
                pointer(invocation, product.into(), 4),
                F32,
                Math.toIntExact(product.into().pitch()),
                COMPUTE_F32,
                DEFAULT);
    }

    /** Where a block begins on the device. */
    private static long pointer(LibraryInvocation invocation, Block block, int bytes) {
        for (int k = 0; k < invocation.getNumArgs(); k++) {
            if (invocation.getArg(k) == block.array()) {
                return invocation.getDevicePointer(k) + block.first() * bytes;
            }
        }
        throw new IllegalStateException("an array that the product was not given");
    }

    @Override
    public void destroyContext(LibraryContext given) {
        Context context = (Context) given;
        call("cublasDestroy", function(CUBLAS.get(), "cublasDestroy_v2", ValueLayout.JAVA_LONG), context.handle);
        SymbolLookup cuda = library(List.of("libcuda.so.1")).orElseThrow();
        call("cuMemFree", function(cuda, "cuMemFree_v2", ValueLayout.JAVA_LONG), context.workspace);
    }
}
