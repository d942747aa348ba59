package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tfx.compiler.schedule.DeviceMemory;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Tensor;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** The device's memory: slabs that grow in number, never in size, so that what lies in them keeps its place. */
final class Slabs implements DeviceMemory {
    /** A new slab is as large as all before it together, within these bounds: few slabs, and little of the last one empty. */
    private static final long MOST = 1L << 28;

    private final Driver driver;
    private final Platform.Sizes sizes;
    /** Replaced whole where one is added: it is read for every tensor of every call. */
    private volatile List<Slab> slabs = List.of();

    private volatile Slab[] places = {};

    private final Map<List<Object>, Tensor> weights = new HashMap<>();
    private final Set<ElementType> widened = EnumSet.noneOf(ElementType.class);
    private final Carrier carrier;
    private final Consumer<Diagnostic> notes;

    /** What carries between the process's memory and the device's: the graph in use. */
    interface Carrier {
        void written(Slab slab, long first, long count);

        void read(Slab slab, long first, long count);
    }

    Slabs(Driver driver, Platform.Sizes sizes, Carrier carrier, Consumer<Diagnostic> notes) {
        this.notes = notes;
        this.driver = driver;
        this.sizes = sizes;
        this.carrier = carrier;
    }

    List<Slab> all() {
        return slabs;
    }

    Slab of(Tensor tensor) {
        return of(tensor.data().address());
    }

    /** Where the element at index 0 of a tensor lies in its slab. */
    long base(Tensor tensor) {
        return of(tensor).element(tensor.data().address()) + tensor.base();
    }

    Slab of(long address) {
        // Asked for every tensor of every step: the last is the likeliest, and lists are slower.
        Slab[] there = places;
        for (int k = there.length - 1; k >= 0; k--) {
            Slab slab = there[k];
            if (slab.holds(address)) {
                return slab;
            }
        }
        throw new IllegalArgumentException("a tensor outside of the device's memory");
    }

    @Override
    public synchronized Room allocate(ElementType type, long elements) {
        return room(type, elements, type == ElementType.I32 ? Slab.Use.INBOX : Slab.Use.WORK);
    }

    /** Room for what kernels alone read and write. */
    synchronized Room work(ElementType type, long elements) {
        return room(type, elements, Slab.Use.WORK);
    }

    private Room room(ElementType type, long elements, Slab.Use use) {
        Slab slab = room(type, use, elements);
        long at = slab.take(elements);
        return new Room(slab.data.asSlice(at * type.bytes(), elements * type.bytes()), () -> give(slab, at, elements));
    }

    private synchronized void give(Slab slab, long at, long elements) {
        slab.give(at, elements);
    }

    /** A slab with room for so many elements, made where there is none. */
    private Slab room(ElementType type, Slab.Use use, long elements) {
        long total = 0;
        for (Slab slab : slabs) {
            if (slab.type == type && slab.use == use) {
                total += slab.elements();
                long at = slab.take(elements);
                if (at >= 0) {
                    slab.give(at, elements);
                    return slab;
                }
            }
        }
        long smallest = switch (use) {
            case INBOX -> 64;
            case WEIGHTS -> sizes.weights();
            // One slab for all that kernels write: where a value moves to another, graphs are made again.
            case WORK -> Math.min(sizes.work(), driver.memory() / 16 / type.bytes());
        };
        long wanted = Math.max(elements + 64, Math.max(smallest, Math.min(MOST, total)));
        long most = Math.min(driver.largest() / type.bytes(), Integer.MAX_VALUE - 64);
        if (elements + 64 > most) {
            throw new TfxException(Diagnostic.error(
                    "TFX0546",
                    driver.device(),
                    "one tensor of the model has " + elements + " elements, more than an array of the device can hold",
                    "use --device cpu"));
        }
        require(Math.min(wanted, most) * type.bytes());
        Object array = driver.array(type, (int) Math.min(wanted, most));
        Slab slab = new Slab(type, use, array, driver.data(array));
        List<Slab> more = new ArrayList<>(slabs);
        more.add(slab);
        slabs = List.copyOf(more);
        places = more.toArray(Slab[]::new);
        return slab;
    }

    private void require(long more) {
        if (bytes() + more > driver.memory()) {
            throw new Faults.Room(driver.device(), bytes() + more, driver.memory()).tooSmall();
        }
    }

    /** What all slabs take on the device. */
    long bytes() {
        return slabs.stream().mapToLong(slab -> slab.data.byteSize()).sum();
    }

    @Override
    public synchronized Tensor resident(Tensor given) {
        List<Object> key = List.of(
                given.data().address(),
                given.type(),
                given.offset(),
                java.util.Arrays.toString(given.shape()),
                java.util.Arrays.toString(given.strides()));
        return weights.computeIfAbsent(key, k -> Weights.copy(given, held(given.type()), this::weightRoom));
    }

    /** The type that weights of a type have on the device. */
    private ElementType held(ElementType type) {
        if (type == ElementType.F64 || driver.holds(type)) {
            return type == ElementType.F64 ? ElementType.F32 : type;
        }
        if (widened.add(type)) {
            notes.accept(new Diagnostic(
                    "TFX0548",
                    Diagnostic.Severity.NOTE,
                    null,
                    driver.device(),
                    "kernels do not read " + type + " there: the weights are held as F32 and take twice the memory",
                    ""));
        }
        return ElementType.F32;
    }

    @Override
    public long rows() {
        return sizes.rows();
    }

    private MemorySegment weightRoom(ElementType type, long elements) {
        Slab slab = room(type, Slab.Use.WEIGHTS, elements);
        return slab.data.asSlice(slab.take(elements) * type.bytes(), elements * type.bytes());
    }

    @Override
    public void written(Tensor tensor) {
        Slab slab = of(tensor);
        if (slab.use == Slab.Use.WORK) {
            long[] span = span(slab, tensor);
            carrier.written(slab, span[0], span[1] - span[0]);
        }
    }

    @Override
    public void read(Tensor tensor) {
        Slab slab = of(tensor);
        if (slab.use == Slab.Use.WORK) {
            long[] span = span(slab, tensor);
            carrier.read(slab, span[0], span[1] - span[0]);
        }
    }

    /** The first and one past the last element of a tensor in its slab; where the batch is not known, to the end of its room. */
    private static long[] span(Slab slab, Tensor tensor) {
        long begin = slab.element(tensor.data().address());
        if (tensor.batchStride() != 0) {
            return new long[] {begin, begin + tensor.data().byteSize() / slab.type.bytes()};
        }
        long low = begin + tensor.offset();
        long high = low + 1;
        for (int d = 0; d < tensor.shape().length; d++) {
            if (tensor.shape()[d] == 0) {
                return new long[] {low, low};
            }
            high += (tensor.shape()[d] - 1) * tensor.strides()[d];
        }
        return new long[] {low, high};
    }
}
