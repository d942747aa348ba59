package tfx.backend.tornado;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.ElementType;

/**
 * A task of a form before its graph is made: a kernel with its place, or a product of matrices.
 *
 * @param size numbers of its record
 * @param firstLiteral where its literals begin among all
 */
record Slotted(
        Form.@Nullable Place place,
        int size,
        int firstLiteral,
        KernelClasses.@Nullable Made kernel,
        List<Object> arrays,
        Driver.@Nullable Multiply product,
        int groups) {
    Driver.Launch launch(Driver driver, Object args, Object literals, List<Object> once) {
        if (product != null) {
            return product;
        }
        Object slot = driver.array(ElementType.I32, 2);
        driver.data(slot).setAtIndex(ValueLayout.JAVA_INT, 0, place.at());
        driver.data(slot).setAtIndex(ValueLayout.JAVA_INT, 1, firstLiteral);
        once.add(slot);
        List<Object> given = new ArrayList<>(List.of(slot, args, literals));
        given.addAll(arrays);
        Written written = kernel.source().written();
        return new Driver.Run(
                kernel.source().name(), kernel.task(), given.toArray(), groups, written.group(), written.barriers());
    }
}
