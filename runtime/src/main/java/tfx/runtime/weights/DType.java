package tfx.runtime.weights;

import java.util.Optional;
import java.util.Set;

/** The element types that can be read from and written to a safetensors file. */
public enum DType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1);

    /** Types the format defines and tfx does not read: the message says so instead of calling them unknown. */
    private static final Set<String> REFUSED = Set.of(
            "F8_E4M3",
            "F8_E5M2",
            "F8_E8M0",
            "F8_E4M3FNUZ",
            "F8_E5M2FNUZ",
            "F6_E2M3",
            "F6_E3M2",
            "F4",
            "C64",
            "U16",
            "U32",
            "U64");

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Whether the elements are floating-point numbers. */
    public boolean isFloat() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }

    /** The type of that name in the file format, if tfx reads it. */
    static Optional<DType> byName(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Whether the format defines {@code name}, though tfx does not read it. */
    static boolean isRefused(String name) {
        return REFUSED.contains(name);
    }
}
