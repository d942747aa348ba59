package tfx.backend.tornado;

import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.TypeName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where generated kernels run: a TornadoVM installation, or its emulation in this process. */
interface Platform {
    /** The class that TornadoVM's API calls by this simple name. */
    ClassName type(String simpleName);

    /**
     * The statement that adds the kernel {@code name} to {@code graph} under {@code id}, with {@code arguments}. An array may be of another type than the parameter: one of short elements is taken as one of words.
     *
     * @param parameters the types of the arrays
     */
    CodeBlock task(String name, List<TypeName> parameters);

    /** Work items of a group that works together, a power of two of at least 2. */
    int items();

    /** Bytes that a group's arrays may take together. */
    default int localMemory() {
        return driver().local();
    }

    /** Neighbouring work items of a group that add without barriers, a power of two; 0 where none do. */
    default int warp() {
        return 0;
    }

    /**
     * What groups that compute with fragments have.
     *
     * @param warps of 32 work items, at most
     * @param memory bytes
     */
    record Fragments(int warps, int memory) {}

    /** Whether a kernel may start while those before it run, and waits for them where its text says. */
    default boolean overlaps() {
        return false;
    }

    /** The groups that compute with fragments, null where none do. */
    default @Nullable Fragments fragments() {
        return null;
    }

    /** Among how many groups the points of each of so many rows are divided, so that the device is filled. */
    default long stretches(long rows) {
        return 1;
    }

    /** With so many rows at most, products are computed by generated kernels even where a library multiplies matrices. */
    int few();

    /**
     * How much memory is taken at a time.
     *
     * @param weights elements of the smallest slab of weights
     * @param work elements of the smallest slab of what kernels write
     * @param inbox elements that the host writes with one execution
     * @param rows of values kept from step to step, at first
     */
    record Sizes(long weights, long work, int inbox, long rows) {}

    Sizes sizes();

    /** The device in use. */
    Driver driver();

    /** A class name that nothing else has, with {@code readable} in it. */
    String unique(String readable);

    /** A kernel's file in the language that {@link #load} takes. */
    default String text(KernelText kernel) {
        return JavaText.of(kernel, this);
    }

    /** Makes a task of each kernel, by name. */
    Map<String, Task> load(List<KernelText> kernels);

    /**
     * The fault of an execution as the user should see it.
     *
     * @param kernels the ids that were launched
     * @param held bytes that are wanted of the device
     */
    default RuntimeException fault(RuntimeException fault, List<String> kernels, long held) {
        return fault;
    }
}
