package tfx.generated;

import static tfx.generated.TornadoNatives.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
 * anywhere in an array, and sums are in F32 whatever the factors and what is written are. Compiled where TornadoVM is installed.
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
    /** CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION: parts of a sum are not rounded before they are added. */
    private static final int SUMS_IN_F32 = 16;

    private static final Optional<TornadoNatives> CUBLAS = TornadoNatives.find(LIBRARIES);

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
            ValueLayout i = TornadoNatives.INT;
            ValueLayout j = TornadoNatives.LONG;
            ValueLayout p = TornadoNatives.POINTER;
            this.multiply = CUBLAS.get()
                    .function("cublasGemmEx", j, i, i, i, i, i, p, j, i, i, j, i, i, p, j, i, i, i, i);
        }
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long plan) {
        long stream = ((TornadoNativeStreamSupport) device).getNativeStream(plan);
        TornadoNatives cublas = CUBLAS.get();
        TornadoNatives cuda = TornadoNatives.driver().orElseThrow();
        ValueLayout j = TornadoNatives.LONG;
        ValueLayout p = TornadoNatives.POINTER;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
            call("cublasCreate", cublas.function("cublasCreate_v2", p), out);
            long handle = out.get(ValueLayout.JAVA_LONG, 0);
            call("cuMemAlloc", cuda.function("cuMemAlloc_v2", p, j), out, WORKSPACE);
            long workspace = out.get(ValueLayout.JAVA_LONG, 0);
            call("cublasSetStream", cublas.function("cublasSetStream_v2", j, j), handle, stream);
            call("cublasSetMathMode", cublas.function("cublasSetMathMode", j, TornadoNatives.INT), handle, SUMS_IN_F32);
            call("cublasSetWorkspace", cublas.function("cublasSetWorkspace_v2", j, j, j), handle, workspace, WORKSPACE);
            return new Context(handle, workspace);
        }
    }

    @Override
    public void dispatch(String name, LibraryInvocation invocation) {
        Context context = (Context) invocation.getContext();
        Multiply product = (Multiply) invocation.getTuning();
        int type = type(product.type());
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
                pointer(invocation, product.right(), product.type()),
                type,
                Math.toIntExact(product.right().pitch()),
                pointer(invocation, product.left(), product.type()),
                type,
                Math.toIntExact(product.left().pitch()),
                product.adds() ? context.one : context.zero,
                pointer(invocation, product.into(), product.sums()),
                type(product.sums()),
                Math.toIntExact(product.into().pitch()),
                COMPUTE_F32,
                DEFAULT);
    }

    private static int type(ElementType type) {
        return type == ElementType.BF16 ? BF16 : F32;
    }

    /** Where a block begins on the device. */
    private static long pointer(LibraryInvocation invocation, Block block, ElementType type) {
        for (int k = 0; k < invocation.getNumArgs(); k++) {
            if (invocation.getArg(k) == block.array()) {
                return invocation.getDevicePointer(k) + block.first() * type.bytes();
            }
        }
        throw new IllegalStateException("an array that the product was not given");
    }

    @Override
    public void destroyContext(LibraryContext given) {
        Context context = (Context) given;
        ValueLayout j = TornadoNatives.LONG;
        call("cublasDestroy", CUBLAS.get().function("cublasDestroy_v2", j), context.handle);
        TornadoNatives cuda = TornadoNatives.driver().orElseThrow();
        call("cuMemFree", cuda.function("cuMemFree_v2", j), context.workspace);
    }
}
