package tfx.backend.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tfx.compiler.schedule.Backend.Request;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.ir.Size;
import tfx.ir.Value;

/**
 * Kernels that compute a number or more of each row for one other kernel: the statistics of a norm. The other computes them
 * itself, by the group that has the row, so that the row is read once and there is one kernel less to start.
 */
final class RowNumbers {
    private final List<Request> requests;
    private final Map<Value, List<Integer>> readers = new IdentityHashMap<>();

    private RowNumbers(List<Request> requests) {
        this.requests = requests;
        for (int k = 0; k < requests.size(); k++) {
            for (Value operand : requests.get(k).kernel().operands()) {
                readers.computeIfAbsent(operand, value -> new ArrayList<>()).add(k);
            }
        }
    }

    /** What each kernel of a program is to compute, with what it takes over from others; null for those that are taken over. */
    static List<@Nullable Expr> bodies(List<Request> requests) {
        RowNumbers numbers = new RowNumbers(requests);
        List<@Nullable Expr> all = new ArrayList<>();
        for (int k = 0; k < requests.size(); k++) {
            int first = numbers.first(k);
            all.add(numbers.body(first, k));
            for (int a = first; a < k; a++) {
                all.set(a, null);
            }
        }
        return all;
    }

    /** The first of the kernels just before kernel {@code k} that only it and those between them read; {@code k} where there is none. */
    private int first(int k) {
        Request last = requests.get(k);
        Value.Comprehension output = last.kernel().output();
        if (Product.loops(output.body()) || !output.domain().equals(Expr.TRUE)) {
            return k;
        }
        Set<Integer> taken = new HashSet<>(Set.of(k));
        int first = k;
        while (first > 0 && of(first - 1, k, taken)) {
            first--;
            taken.add(first);
        }
        return first;
    }

    private boolean of(int a, int k, Set<Integer> taken) {
        Request request = requests.get(a);
        Value.Comprehension numbers = request.kernel().output();
        List<Index> rows = numbers.indices();
        List<Index> indices = requests.get(k).kernel().output().indices();
        List<Integer> users = readers.getOrDefault(numbers, List.of());
        return !request.kept()
                && !users.isEmpty()
                && taken.containsAll(users)
                && Product.loops(numbers.body())
                && numbers.domain().equals(Expr.TRUE)
                && rows.size() < indices.size()
                && stepped(request, rows)
                && indices.stream()
                        .skip(rows.size())
                        .allMatch(index -> index.size().isConstant())
                && request.kernel().operands().stream().allMatch(operand -> there(operand, k))
                && users.stream()
                        .allMatch(user ->
                                ofOwnRow(numbers, requests.get(user).kernel().output()));
    }

    private static boolean stepped(Request request, List<Index> rows) {
        return request.length() != null
                && !rows.isEmpty()
                && rows.getFirst().size().equals(Size.symbol(request.length()))
                && rows.stream().skip(1).allMatch(index -> index.size().isConstant());
    }

    /** What kernel {@code k} reads itself still lies where it lay. */
    private boolean there(Value operand, int k) {
        return requests.get(k).kernel().operands().contains(operand);
    }

    /** Whether a kernel reads the numbers of the rows that it computes, and no others. */
    private static boolean ofOwnRow(Value numbers, Value.Comprehension user) {
        List<Expr.Read> reads = new ArrayList<>();
        Exprs.forEach(user.body(), part -> {
            if (part instanceof Expr.Read read && read.value() == numbers) {
                reads.add(read);
            }
        });
        int rank = numbers.shape().size();
        return rank <= user.indices().size()
                && reads.stream().allMatch(read -> {
                    for (int d = 0; d < rank; d++) {
                        Index index = user.indices().get(d);
                        if (!read.at().get(d).equals(new Expr.At(index))
                                || !index.size().equals(numbers.shape().get(d))) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    /** The body of kernel {@code k} with what those from {@code first} on compute in the place of their values. */
    private Expr body(int first, int k) {
        Value.Comprehension output = requests.get(k).kernel().output();
        Expr body = output.body();
        for (int a = k - 1; a >= first; a--) {
            Value.Comprehension numbers = requests.get(a).kernel().output();
            Expr inner = renamed(numbers, output.indices());
            body = Exprs.replaceReads(body, read -> read.value() == numbers ? inner : null);
        }
        return body;
    }

    /** The body at other indices of rows, with bound indices of its own: it may come to stand within a loop over the same. */
    private static Expr renamed(Value.Comprehension numbers, List<Index> indices) {
        Map<Index, Expr> by = new HashMap<>();
        Exprs.forEach(numbers.body(), part -> Exprs.binds(part).forEach(index -> by.put(index, new Expr.At(index))));
        for (int d = 0; d < numbers.indices().size(); d++) {
            by.put(numbers.indices().get(d), new Expr.At(indices.get(d)));
        }
        return Exprs.substitute(numbers.body(), by);
    }
}
