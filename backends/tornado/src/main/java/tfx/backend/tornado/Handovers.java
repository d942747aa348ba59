package tfx.backend.tornado;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tfx.backend.tornado.DeviceGraph.Call;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.ir.Value;

/** Which values are handed over in each form: all that can be, but those that a step was seen to read otherwise. */
final class Handovers {
    private final List<Handover> all;
    private final Map<Integer, Set<Handover>> refused = new HashMap<>();

    Handovers(List<Numbered> kernels) {
        this.all = Handover.among(kernels);
    }

    /** Writes the kernels that read products where they lie so that other numbers may lie beside those. */
    void loosen(List<Numbered> kernels, Platform platform) {
        for (Handover handover : all) {
            for (int reader : handover.kind() == Handover.Kind.PRODUCT ? handover.readers() : List.<Integer>of()) {
                Template loose = kernels.get(reader).whole().withRowsApart(handover.value());
                kernels.set(reader, Numbered.of(loose, platform));
            }
        }
    }

    /** Those of a form, by value. */
    Map<Value, Handover> of(int rows, Set<Integer> many) {
        Map<Value, Handover> there = new IdentityHashMap<>();
        for (Handover handover : all) {
            if (many.contains(handover.producer())
                    && !refused.getOrDefault(rows, Set.of()).contains(handover)) {
                there.put(handover.value(), handover);
            }
        }
        return there;
    }

    /**
     * Refuses what the kernels of a step do not read as its producer computes it: the same rows, and many of them.
     *
     * @return whether anything was refused that was not before
     */
    boolean refuse(Collection<Call> calls, int rows, Set<Integer> many) {
        Map<Integer, Call> byNumber = new HashMap<>();
        calls.forEach(call -> byNumber.put(call.number(), call));
        boolean more = false;
        for (Handover handover : all) {
            Call producer = byNumber.get(handover.producer());
            boolean agreed = handover.readers().stream()
                    .map(byNumber::get)
                    .allMatch(reader -> reader == null
                            || (producer != null
                                    && many.contains(reader.number())
                                    && reader.arguments()
                                            .step()
                                            .equals(producer.arguments().step())));
            if (!agreed) {
                more |= refused.computeIfAbsent(rows, r -> new HashSet<>()).add(handover);
            }
        }
        return more;
    }
}
