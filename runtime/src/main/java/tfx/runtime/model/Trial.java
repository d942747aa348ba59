package tfx.runtime.model;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One generated case of an equivalence test.
 *
 * @param set the model's formals that were drawn
 * @param batch sequences
 * @param chunks how many positions are given at once, one after the other; the sequence is as long as their sum
 * @param seed of weights (where they are drawn) and inputs
 */
public record Trial(Map<String, String> set, int batch, List<Integer> chunks, long seed) {
    public int length() {
        return chunks.stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public String toString() {
        String sizes = set.entrySet().stream()
                .map(entry -> "--set " + entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
        return (sizes.isEmpty() ? "" : sizes + "; ") + "batch " + batch + ", length " + length() + " as "
                + chunks.stream().map(String::valueOf).collect(Collectors.joining(" + "));
    }
}
