package tfx.runtime.interop;

import com.oracle.truffle.api.TruffleLanguage;
import com.oracle.truffle.api.interop.ArityException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tfx.runtime.reference.Reference;

/** Lists, tensors and functions as guest objects. */
public final class Values {
    private Values() {}

    /** A read-only array. */
    public static GuestObject list(@Nullable TruffleLanguage<?> language, List<?> elements) {
        return new Array(language, elements.size(), i -> elements.get((int) i), elements.toString());
    }

    public static GuestObject list(@Nullable TruffleLanguage<?> language, int[] elements) {
        return new Array(language, elements.length, i -> elements[(int) i], Arrays.toString(elements));
    }

    public static GuestObject list(@Nullable TruffleLanguage<?> language, long[] elements) {
        return new Array(language, elements.length, i -> elements[(int) i], Arrays.toString(elements));
    }

    /** A number for a tensor without dimensions, else an array of arrays with the member {@code shape}. */
    public static Object tensor(@Nullable TruffleLanguage<?> language, double[] data, long[] shape) {
        return shape.length == 0 ? (Object) data[0] : new Tensor(language, data, 0, shape);
    }

    /** A value of a batch, or of the one sequence of it. */
    public static Object tensor(@Nullable TruffleLanguage<?> language, Reference.Result result, boolean single) {
        boolean drop = single && result.batched();
        long[] shape = result.shape();
        return tensor(language, result.data(), drop ? Arrays.copyOfRange(shape, 1, shape.length) : shape);
    }

    /** What a function does. */
    public interface Body {
        Object call(Object[] arguments) throws ArityException;
    }

    /** A function of {@code least} to {@code most} arguments. */
    public static GuestObject function(
            @Nullable TruffleLanguage<?> language, String name, int least, int most, Body body) {
        return new GuestObject(language) {
            @Override
            protected String display() {
                return "function " + name;
            }

            @Override
            protected boolean callable() {
                return true;
            }

            @Override
            protected Object call(Object[] arguments) throws ArityException {
                if (arguments.length < least || arguments.length > most) {
                    throw ArityException.create(least, most, arguments.length);
                }
                return body.call(arguments);
            }
        };
    }

    /** An object with these members. */
    public static GuestObject object(
            @Nullable TruffleLanguage<?> language, String display, Map<String, Object> members) {
        return new GuestObject(language) {
            @Override
            protected String display() {
                return display;
            }

            @Override
            protected List<String> members() {
                return List.copyOf(members.keySet());
            }

            @Override
            protected @Nullable Object member(String name) {
                return members.get(name);
            }
        };
    }

    private static final class Array extends GuestObject {
        private final long size;
        private final LongFunction<?> elements;
        private final String display;

        Array(@Nullable TruffleLanguage<?> language, long size, LongFunction<?> elements, String display) {
            super(language);
            this.size = size;
            this.elements = elements;
            this.display = display;
        }

        @Override
        protected String display() {
            return display;
        }

        @Override
        protected long size() {
            return size;
        }

        @Override
        protected Object element(long index) {
            return elements.apply(index);
        }
    }

    private static final class Tensor extends GuestObject {
        private static final String SHAPE = "shape";

        private final double[] data;
        private final int offset;
        private final long[] shape;

        Tensor(@Nullable TruffleLanguage<?> language, double[] data, int offset, long[] shape) {
            super(language);
            this.data = data;
            this.offset = offset;
            this.shape = shape;
        }

        @Override
        protected String display() {
            return "tensor " + Arrays.toString(shape);
        }

        @Override
        protected List<String> members() {
            return List.of(SHAPE);
        }

        @Override
        protected @Nullable Object member(String name) {
            return name.equals(SHAPE) ? list(language(), shape) : null;
        }

        @Override
        protected long size() {
            return shape[0];
        }

        @Override
        protected Object element(long index) {
            if (shape.length == 1) {
                return data[offset + (int) index];
            }
            long[] rest = Arrays.copyOfRange(shape, 1, shape.length);
            long stride = Arrays.stream(rest).reduce(1, (a, b) -> a * b);
            return new Tensor(language(), data, offset + (int) (index * stride), rest);
        }
    }
}
