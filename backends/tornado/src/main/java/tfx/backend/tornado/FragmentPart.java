package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import tfx.backend.common.Analysis;
import tfx.ir.Expr;

/**
 * What of a fold one warp computes: dot products and the accumulators that hang on them. A fold falls into as many parts as have
 * nothing in common but the points' values, such as the maps of differential attention; each has warps of its own.
 *
 * @param dots their numbers in the fold, likewise all others
 * @param weights of its sums
 * @param maxima by which its sums are shifted
 * @param totals sums that do not count columns: one number for a row
 * @param columns sums with a number for each column
 */
record FragmentPart(
        List<Integer> dots, List<Integer> weights, List<Integer> maxima, List<Integer> totals, List<Integer> columns) {

    static List<FragmentPart> of(FoldTile tile) {
        int count = tile.sums().size();
        int[] group = IntStream.range(0, count).toArray();
        for (int k = 0; k < count; k++) {
            for (int j = 0; j < k; j++) {
                if (related(tile, k, j)) {
                    join(group, group[k], group[j]);
                }
            }
        }
        Map<Integer, List<Integer>> parts = new LinkedHashMap<>();
        List<Integer> loose = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int own = group[k];
            boolean multiplies = IntStream.range(0, count)
                    .filter(j -> group[j] == own)
                    .anyMatch(j -> !dots(tile, body(tile, j)).isEmpty());
            (multiplies ? parts.computeIfAbsent(own, g -> new ArrayList<>()) : loose).add(k);
        }
        // Every fold in tiles has dot products.
        parts.values().iterator().next().addAll(loose);
        return parts.values().stream().map(members -> part(tile, members)).toList();
    }

    private static void join(int[] group, int from, int into) {
        for (int k = 0; k < group.length; k++) {
            group[k] = group[k] == from ? into : group[k];
        }
    }

    private static FragmentPart part(FoldTile tile, List<Integer> members) {
        Set<Integer> dots = new LinkedHashSet<>();
        Set<Integer> weights = new LinkedHashSet<>();
        List<Integer> maxima = new ArrayList<>();
        List<Integer> totals = new ArrayList<>();
        List<Integer> columns = new ArrayList<>();
        for (int k : members) {
            dots.addAll(dots(tile, body(tile, k)));
            if (tile.maximum(k)) {
                maxima.add(k);
            } else {
                weights.add(tile.sums().get(k).weight());
                (tile.sums().get(k).value() < 0 ? totals : columns).add(k);
            }
        }
        return new FragmentPart(List.copyOf(dots), List.copyOf(weights), maxima, totals, columns);
    }

    /** What accumulator {@code k} takes of a pair: its score, or its weight. */
    private static Expr body(FoldTile tile, int k) {
        return tile.maximum(k)
                ? tile.fold().accumulators().get(k).body()
                : tile.weights().get(tile.sums().get(k).weight());
    }

    private static boolean related(FoldTile tile, int k, int j) {
        return follows(tile, k, j)
                || follows(tile, j, k)
                || dots(tile, body(tile, k)).stream().anyMatch(dots(tile, body(tile, j))::contains);
    }

    private static boolean follows(FoldTile tile, int k, int j) {
        return tile.fold().accumulators().get(k).shift() == j || mentions(body(tile, k), new Expr.Accumulated(j));
    }

    private static boolean mentions(Expr expr, Expr part) {
        return expr.equals(part) || Analysis.parts(expr).stream().anyMatch(inner -> mentions(inner, part));
    }

    private static Set<Integer> dots(FoldTile tile, Expr expr) {
        Set<Integer> all = new LinkedHashSet<>();
        for (int n = 0; n < tile.dots().size(); n++) {
            if (mentions(expr, tile.dots().get(n).sum())) {
                all.add(n);
            }
        }
        return all;
    }
}
