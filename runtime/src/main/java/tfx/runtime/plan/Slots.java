package tfx.runtime.plan;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import tfx.compiler.schedule.Kernel;
import tfx.compiler.schedule.Placement;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Storage;
import tfx.ir.Value;

/** Which of a step's values share memory: linear scan over their lifetimes. Outputs and inputs share with none. */
final class Slots {
    private final Map<Value, Integer> slots = new IdentityHashMap<>();
    private int count;

    Slots(Schedule schedule) {
        Map<Value, Placement> placements = schedule.placements();
        List<Integer> free = new ArrayList<>();
        placements.forEach((value, placement) -> {
            boolean own = placement.storage() == Storage.OUTPUT
                    || (placement.storage() == Storage.ROWS && placement.defined() < 0);
            if (own) {
                slots.put(value, count++);
            }
        });
        List<Kernel> kernels = schedule.kernels();
        for (int k = 0; k < kernels.size(); k++) {
            Value.Comprehension output = kernels.get(k).output();
            if (placements.get(output).storage() == Storage.ROWS) {
                slots.put(output, free.isEmpty() ? count++ : free.removeLast());
            }
            for (Value value : ending(kernels.get(k), placements, k)) {
                free.add(slots.get(value));
            }
        }
    }

    /** Values of this kernel that no later one reads, and whose memory is free behind it. */
    private static List<Value> ending(Kernel kernel, Map<Value, Placement> placements, int number) {
        List<Value> all = new ArrayList<>(kernel.operands());
        all.add(kernel.output());
        return all.stream()
                .filter(value -> {
                    Placement placement = placements.get(value);
                    return placement != null
                            && placement.storage() == Storage.ROWS
                            && placement.defined() >= 0
                            && placement.lastUse() == number;
                })
                .toList();
    }

    int count() {
        return count;
    }

    int of(Value value) {
        return slots.get(value);
    }
}
