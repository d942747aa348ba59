package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import tfx.compiler.schedule.ElementType;

/** One device, as far as running task graphs on it needs. */
public interface Driver {
    /** The device in the words of its maker. */
    String device();

    /** Bytes that the device can hold. */
    long memory();

    /** Bytes that one array can hold. */
    long largest();

    /** Bytes that the arrays of a group of work items may take together. */
    int local();

    /** Whether kernels read elements of the type; weights of other types are widened when they are loaded. */
    boolean holds(ElementType type);

    /** Whether a library multiplies matrices here, so that graphs may hold {@link Multiply}. */
    boolean multiplies();

    /** Whether work items of a warp add without barriers. */
    boolean warps();

    /** Whether warps multiply matrices of BF16 that their work items hold together, in fragments. */
    boolean fragments();

    /** Whether kernels go to the device's compiler as CUDA C++, by {@link #task}, and take their place as an int. */
    default boolean cuda() {
        return false;
    }

    /**
     * Compiles a kernel.
     *
     * @param name of its function
     * @param text in CUDA C++
     * @param written which of its slabs it writes
     * @throws IllegalStateException it is not compiled; its name and what the compiler says
     */
    default Task task(String name, String text, List<Boolean> written) {
        throw new UnsupportedOperationException("kernels are classes here");
    }

    /** How many groups of work items run at a time: compute units, multiprocessors. */
    int units();

    /** An array of the platform, in the process's memory until a graph uses it. */
    Object array(ElementType type, int elements);

    /** The process's side of an array. */
    MemorySegment data(Object array);

    /** One task of a graph. */
    sealed interface Launch {
        String id();

        /** The arrays it reads or writes. */
        Object[] arrays();
    }

    /**
     * A generated kernel.
     *
     * @param id the name of its class
     * @param arguments the kernel's, as {@link Task#addTo} takes them
     * @param groups groups of work items
     * @param group work items in a group
     * @param barriers whether the items of a group wait for one another
     */
    record Run(String id, Task task, Object[] arguments, int groups, int group, boolean barriers) implements Launch {
        @Override
        public Object[] arrays() {
            return Arrays.stream(arguments)
                    .filter(argument -> !(argument instanceof Integer))
                    .toArray();
        }
    }

    /** A matrix in an array: its first element, and the elements from one row to the next. */
    record Block(Object array, long first, long pitch) {}

    /**
     * A product of matrices: {@code into[r][c] = sum over k < depth of left[r][k] * right[c][k]}. Elements of a row of
     * {@code left} and {@code into} lie side by side. Sums are in F32 until the last term.
     *
     * @param type of the elements of {@code left} and {@code right}, F32 or BF16
     * @param sums the type of the elements of {@code into}: F32, or BF16 where the factors are in it and nothing is added to
     * @param turned whether {@code right} lies as {@code right[k][c]}
     * @param adds whether the sums are added to what {@code into} holds, instead of taking its place
     */
    record Multiply(
            String id,
            ElementType type,
            Block left,
            Block right,
            boolean turned,
            Block into,
            ElementType sums,
            boolean adds,
            int rows,
            int columns,
            int depth)
            implements Launch {
        @Override
        public Object[] arrays() {
            return new Object[] {left.array(), right.array(), into.array()};
        }
    }

    /**
     * Makes graphs of tasks that run one after another, over the same arrays.
     *
     * @param forms the tasks of each graph; those of the first are a few that touch every array of {@code back}
     * @param once arrays carried to the device before the first execution, where they stay
     * @param always arrays carried to the device before every execution of a graph that uses them
     * @param back those of {@code once} that may be read
     */
    Graph graph(List<List<Launch>> forms, List<Object> once, List<Object> always, List<Object> back);

    /** Graphs ready to run, with their arrays on the device. */
    interface Graph extends AutoCloseable {
        /** Runs every task of a form and waits for the last. */
        void execute(int form);

        /** Carries elements of an array of {@code back} from the device to the process's memory. */
        void read(Object array, long first, long count);

        /** Gives the device memory back. */
        @Override
        void close();
    }
}
