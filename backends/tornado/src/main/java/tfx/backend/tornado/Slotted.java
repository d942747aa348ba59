package tfx.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;

/**
 * A task of a form before its graph is made: a kernel with the places of its parts, or a product of matrices.
 *
 * @param literals that each part reads, which lie where its record does
 */
record Slotted(
        List<Form.Place> places,
        List<double[]> literals,
        KernelClasses.@Nullable Made kernel,
        List<Object> arrays,
        Driver.@Nullable Multiply product,
        int groups) {
    void write(MemorySegment all) {
        for (int k = 0; k < literals.size(); k++) {
            double[] given = literals.get(k);
            long at = (long) places.get(k).at() * Double.BYTES;
            MemorySegment.copy(given, 0, all, ValueLayout.JAVA_DOUBLE, at, given.length);
        }
    }

    /**
     * What a graph is given for it. Where its record and its literals begin stands in an array of its own, added to
     * {@code once}, unless a number is no part of a kernel's text: TornadoVM would compile one for every layer.
     */
    Driver.Launch launch(Driver driver, Object args, Object literals, List<Object> once) {
        if (product != null) {
            return product;
        }
        Object slot = places.getFirst().at();
        if (!driver.cuda()) {
            slot = driver.array(ElementType.I32, 1);
            driver.data(slot)
                    .setAtIndex(ValueLayout.JAVA_INT, 0, places.getFirst().at());
            once.add(slot);
        }
        List<Object> given = new ArrayList<>(List.of(slot, args, literals));
        given.addAll(arrays);
        Written written = kernel.source().written();
        return new Driver.Run(
                kernel.source().name(), kernel.task(), given.toArray(), groups, written.group(), written.barriers());
    }
}
