package tfx.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native working memory of a thread, kept from run to run and grown when a kernel needs more. */
final class Scratch {
    private static final ThreadLocal<Scratch[]> OF_THREAD =
            ThreadLocal.withInitial(() -> new Scratch[] {new Scratch(), new Scratch(), new Scratch()});

    private MemorySegment memory = MemorySegment.NULL;

    private Scratch() {}

    /** For the body of a kernel's part. */
    static long local(long bytes) {
        return OF_THREAD.get()[0].atLeast(bytes);
    }

    /** For what the parts of one run share; of the thread that starts the run. */
    static long shared(long bytes) {
        return OF_THREAD.get()[1].atLeast(bytes);
    }

    /** For {@link Gemm}, which kernels call while their own is in use. */
    static long panel(long bytes) {
        return OF_THREAD.get()[2].atLeast(bytes);
    }

    private long atLeast(long bytes) {
        if (memory.byteSize() < bytes) {
            // Automatic arenas are freed with the last reference, so an ended thread leaks nothing.
            memory = Arena.ofAuto().allocate(Math.max(bytes + (bytes >> 2), 1 << 16), 64);
        }
        return memory.address();
    }
}
