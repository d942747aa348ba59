package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
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

    /** Whether kernels read elements of the type; weights of other types are widened when they are loaded. */
    boolean holds(ElementType type);

    /** How many groups of work items run at a time: compute units, multiprocessors. */
    int units();

    /** An array of the platform, in the process's memory until a graph uses it. */
    Object array(ElementType type, int elements);

    /** The process's side of an array. */
    MemorySegment data(Object array);

    /**
     * One kernel of a graph.
     *
     * @param arrays the kernel's, in the order of {@link Task#addTo}
     * @param groups groups of work items
     * @param group work items in a group
     * @param barriers whether the items of a group wait for one another
     */
    record Launch(String id, Task task, Object[] arrays, int groups, int group, boolean barriers) {}

    /**
     * Makes a graph of kernels that run one after another.
     *
     * @param once arrays carried to the device before the first execution, where they stay
     * @param always arrays carried to the device before every execution
     * @param back those of {@code once} that may be read
     */
    Graph graph(List<Launch> launches, List<Object> once, List<Object> always, List<Object> back);

    /** Kernels ready to run, with their arrays on the device. */
    interface Graph extends AutoCloseable {
        /** Runs every kernel and waits for the last. */
        void execute();

        /** Carries elements of an array of {@code back} from the device to the process's memory. */
        void read(Object array, long first, long count);

        /** Gives the device memory back. */
        @Override
        void close();
    }
}
