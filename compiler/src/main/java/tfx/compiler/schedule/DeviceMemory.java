package tfx.compiler.schedule;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Where the operands and outputs of a backend's kernels lie. What the host sees of a device's memory is a segment of the
 * process's own; {@link #written} and {@link #read} carry between the two, and do nothing where both are one.
 */
public interface DeviceMemory {
    /** The process's own memory. */
    DeviceMemory HOST = new DeviceMemory() {
        private static final int ALIGNMENT = 64;

        @Override
        @SuppressWarnings("MustBeClosedChecker") // closed with the room
        public Room allocate(ElementType type, long elements) {
            Arena arena = Arena.ofShared();
            return new Room(arena.allocate(elements * type.bytes(), ALIGNMENT), arena::close);
        }

        @Override
        public Tensor resident(Tensor weights) {
            return weights;
        }

        @Override
        public void written(Tensor tensor) {}

        @Override
        public void read(Tensor tensor) {}
    };

    /** Room for elements, what lies in it is not defined. */
    Room allocate(ElementType type, long elements);

    /** Weights where kernels reach them at once: the same numbers, perhaps in another place, order or type. */
    Tensor resident(Tensor weights);

    /** Called after the host wrote into the tensor, before kernels read it: everything between its first and last element. */
    void written(Tensor tensor);

    /** Called before the host reads the tensor, after the kernels that write it ran. */
    void read(Tensor tensor);

    /** For how many rows a value kept from step to step has room at first: where growing costs much, for many. */
    default long rows() {
        return 64;
    }

    /** A piece of memory; {@code free} gives it back. */
    record Room(MemorySegment data, Runnable free) implements AutoCloseable {
        @Override
        public void close() {
            free.run();
        }
    }
}
