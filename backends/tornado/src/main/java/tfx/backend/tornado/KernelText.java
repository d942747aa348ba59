package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tfx.compiler.schedule.ElementType;

/**
 * A kernel before the language that its device's compiler reads. Its body is written so that it is Java, and nearly C++.
 *
 * @param slabs its arrays behind the arguments and the literals
 * @param body what reads {@code args}, {@code literals} and slabs from {@code at} on
 * @param group work items in a group
 * @param held groups that a compute unit holds at once, 0 where the device's compiler may choose
 */
record KernelText(String name, List<Parameter> slabs, String body, int group, int held) {
    /**
     * A slab as a parameter.
     *
     * @param type of its elements, I64 for words of shorter ones
     * @param written whether the kernel writes it
     */
    record Parameter(String name, ElementType type, boolean written) {}

    /**
     * The text of a kernel.
     *
     * @param types of the slabs' elements
     * @param wide which slabs the kernel takes as arrays of words
     */
    static KernelText of(String name, List<ElementType> types, Set<Integer> wide, String body, Written written) {
        List<Parameter> slabs = new ArrayList<>();
        for (int k = 0; k < types.size(); k++) {
            ElementType type = wide.contains(k) ? ElementType.I64 : types.get(k);
            slabs.add(new Parameter("s" + k, type, body.contains("s" + k + ".set(")));
        }
        return new KernelText(
                name,
                List.copyOf(slabs),
                body,
                written.group(),
                written.groups().held());
    }
}
