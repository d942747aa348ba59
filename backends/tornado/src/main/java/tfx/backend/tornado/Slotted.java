package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task of a form before its graph is made: a kernel with its place, or a product of matrices.
 *
 * @param literals that the kernel reads, which lie where its record does
 */
record Slotted(
        Form.@Nullable Place place,
        double[] literals,
        KernelClasses.@Nullable Made kernel,
        List<Object> arrays,
        Driver.@Nullable Multiply product,
        int groups) {
    void write(MemorySegment all) {
        if (place != null) {
            MemorySegment.copy(
                    literals, 0, all, ValueLayout.JAVA_DOUBLE, (long) place.at() * Double.BYTES, literals.length);
        }
    }

    Driver.Launch launch(Object args, Object literals) {
        if (product != null) {
            return product;
        }
        List<Object> given = new ArrayList<>(List.of(args, literals));
        given.addAll(arrays);
        Written written = kernel.source().written();
        return new Driver.Run(
                kernel.source().name(),
                kernel.task(),
                place.at(),
                given.toArray(),
                groups,
                written.group(),
                written.barriers());
    }
}
