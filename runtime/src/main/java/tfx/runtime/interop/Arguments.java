package tfx.runtime.interop;

import com.oracle.truffle.api.interop.InteropException;
import com.oracle.truffle.api.interop.InteropLibrary;
import com.oracle.truffle.api.interop.InvalidArrayIndexException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tfx.runtime.reference.Reference;
import tfx.source.Diagnostic;
import tfx.source.TfxException;

/** What a guest gives, as Java values. Faults: TFX0521, naming the argument. */
public final class Arguments {
    private static final int DEEPEST = 8;
    private static final InteropLibrary INTEROP = InteropLibrary.getUncached();

    private Arguments() {}

    public static TfxException fault(String what, String found, String mend) {
        return new TfxException(Diagnostic.error("TFX0521", what, found, mend));
    }

    public static boolean isText(Object value) {
        return INTEROP.isString(value);
    }

    public static boolean isArray(Object value) {
        return INTEROP.hasArrayElements(value);
    }

    public static boolean isNumber(Object value) {
        return INTEROP.isNumber(value);
    }

    public static String text(Object value, String what) {
        try {
            return INTEROP.asString(value);
        } catch (InteropException e) {
            throw fault(what, "this is " + kind(value) + ", not a text", "give a text");
        }
    }

    public static int integer(Object value, String what) {
        try {
            return INTEROP.asInt(value);
        } catch (InteropException e) {
            throw fault(what, "this is " + kind(value) + ", not a whole number of 32 bits", "give a whole number");
        }
    }

    public static double real(Object value, String what) {
        try {
            return INTEROP.asDouble(value);
        } catch (InteropException e) {
            throw fault(what, "this is " + kind(value) + ", not a number", "give a number");
        }
    }

    /** Members of an object, or entries of a hash with texts as keys, in order. */
    public static Map<String, Object> entries(Object value, String what) {
        Map<String, Object> all = new LinkedHashMap<>();
        try {
            if (INTEROP.hasHashEntries(value)) {
                Object iterator = INTEROP.getHashEntriesIterator(value);
                while (INTEROP.hasIteratorNextElement(iterator)) {
                    Object entry = INTEROP.getIteratorNextElement(iterator);
                    all.put(
                            text(INTEROP.readArrayElement(entry, 0), what + ": a key"),
                            INTEROP.readArrayElement(entry, 1));
                }
                return all;
            }
            if (INTEROP.hasMembers(value) && !isArray(value)) {
                Object names = INTEROP.getMembers(value);
                for (long i = 0; i < INTEROP.getArraySize(names); i++) {
                    String name = INTEROP.asString(INTEROP.readArrayElement(names, i));
                    all.put(name, INTEROP.readMember(value, name));
                }
                return all;
            }
        } catch (InteropException e) {
            throw fault(what, "this object cannot be read: " + e.getMessage(), "give a plain object or map");
        }
        throw fault(what, "this is " + kind(value) + ", not an object with named values", "give an object or a map");
    }

    /** A value as JSON has it: Long, Double, String, Boolean, List or Map. */
    public static Object json(Object value, String what) {
        return json(value, what, DEEPEST);
    }

    private static Object json(Object value, String what, int deepest) {
        try {
            if (INTEROP.isString(value)) {
                return INTEROP.asString(value);
            } else if (INTEROP.isBoolean(value)) {
                return INTEROP.asBoolean(value);
            } else if (INTEROP.isNumber(value)) {
                return INTEROP.fitsInLong(value) ? (Object) INTEROP.asLong(value) : INTEROP.asDouble(value);
            } else if (deepest == 0) {
                throw fault(what, "this is nested too deeply", "give a value as JSON has it");
            } else if (isArray(value)) {
                List<Object> all = new ArrayList<>();
                for (long i = 0; i < INTEROP.getArraySize(value); i++) {
                    all.add(json(INTEROP.readArrayElement(value, i), what, deepest - 1));
                }
                return all;
            }
        } catch (InteropException e) {
            throw fault(what, "this value cannot be read: " + e.getMessage(), "give a value as JSON has it");
        }
        Map<String, Object> all = new LinkedHashMap<>();
        entries(value, what).forEach((name, entry) -> all.put(name, json(entry, what, deepest - 1)));
        return all;
    }

    /** Arrays nested to one depth, with as many elements at each level: a tensor. */
    public static Reference.Array tensor(Object value, String what) {
        List<Long> shape = new ArrayList<>();
        try {
            Object at = value;
            while (isArray(at)) {
                if (shape.size() == DEEPEST) {
                    throw fault(what, "arrays are nested more than " + DEEPEST + " deep", "give a tensor");
                }
                long size = INTEROP.getArraySize(at);
                shape.add(size);
                if (size == 0) {
                    break;
                }
                at = INTEROP.readArrayElement(at, 0);
            }
            long[] extents = shape.stream().mapToLong(Long::longValue).toArray();
            double[] data = new double[Math.toIntExact(Arrays.stream(extents).reduce(1, Math::multiplyExact))];
            fill(value, what, extents, 0, data, 0);
            return new Reference.Array(data, extents);
        } catch (ArithmeticException e) {
            throw fault(what, "the array " + shape + " is too large", "give fewer elements");
        } catch (InteropException e) {
            throw fault(what, "this array cannot be read: " + e.getMessage(), "give an array of numbers");
        }
    }

    private static int fill(Object value, String what, long[] shape, int depth, double[] into, int at)
            throws InteropException, InvalidArrayIndexException {
        if (depth == shape.length) {
            into[at] = real(value, what);
            return at + 1;
        }
        if (!isArray(value) || INTEROP.getArraySize(value) != shape[depth]) {
            throw fault(
                    what,
                    "a part at depth " + depth + " is "
                            + (isArray(value) ? "an array of " + INTEROP.getArraySize(value) : kind(value))
                            + ", and the first is an array of " + shape[depth],
                    "give parts of equal length");
        }
        int next = at;
        for (long i = 0; i < shape[depth]; i++) {
            next = fill(INTEROP.readArrayElement(value, i), what, shape, depth + 1, into, next);
        }
        return next;
    }

    private static String kind(Object value) {
        if (INTEROP.isNull(value)) {
            return "nothing";
        } else if (isText(value)) {
            return "a text";
        } else if (isNumber(value)) {
            return "the number " + INTEROP.toDisplayString(value);
        } else if (INTEROP.isBoolean(value)) {
            return "a truth value";
        } else if (isArray(value)) {
            return "an array";
        }
        return "an object without elements or members (a context opens those of host objects by its HostAccess)";
    }
}
