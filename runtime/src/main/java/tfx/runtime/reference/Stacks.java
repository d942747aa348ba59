package tfx.runtime.reference;

import java.util.List;

/** A stack of values as one. */
final class Stacks {
    private Stacks() {}

    /** Parts under a new dimension: behind the batch where any part has one. */
    static Reference.Result gather(List<Reference.Result> parts) {
        boolean batched = parts.stream().anyMatch(Reference.Result::batched);
        long[] of = parts.stream()
                .filter(part -> part.batched() == batched)
                .findFirst()
                .orElseThrow()
                .shape();
        int batch = batched ? Math.toIntExact(of[0]) : 1;
        int count = 1;
        for (int k = batched ? 1 : 0; k < of.length; k++) {
            count = Math.multiplyExact(count, Math.toIntExact(of[k]));
        }
        double[] data = new double[Math.multiplyExact(batch * parts.size(), count)];
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < parts.size(); p++) {
                int from = parts.get(p).batched() ? b * count : 0;
                System.arraycopy(parts.get(p).data(), from, data, (b * parts.size() + p) * count, count);
            }
        }
        long[] shape = new long[of.length + 1];
        System.arraycopy(of, 0, shape, 0, batched ? 1 : 0);
        shape[batched ? 1 : 0] = parts.size();
        int rest = batched ? 1 : 0;
        System.arraycopy(of, rest, shape, rest + 1, of.length - rest);
        return new Reference.Result(data, shape, batched);
    }
}
