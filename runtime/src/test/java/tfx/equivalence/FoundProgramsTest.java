package tfx.equivalence;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Short programs that generated ones were shrunk to when they showed a fault: they are tried in every build. */
class FoundProgramsTest {
    /** The body of a model; what was wrong with it. */
    static Stream<String> found() {
        return Stream.of(
                // A step read rows it does not have: a predicate asked for the row's elements before it asked which
                // row.
                """
                v0[t, d] = x where x[t, 0] > 0
                output y[t, d] = sum[s](tanh(v0[s, d]) where s == t)
                """,
                // One unit of difference between a score for the maximum and the same score for the sum.
                """
                param w1[h, e, d]
                param w2[h, e, d]
                param w3[h, e, d]
                q[t, h, e] = sum[d](x[t, d] * w1)
                k[t, h, e] = sum[d](x[t, d] * w2)
                v[t, h, e] = sum[d](x[t, d] * w3)
                score[h, t, s] = sum[e](q[t, h, e] * k[s, h, e]) * 100 where s <= t and s > t - 3
                p[h, t, s] = exp(score - max(max[s](score), 0)) / (1 + sum[s](exp(score - max(max[s](score), 0))))
                output y[t] = mean[h, e](sum[s](p[h, t, s] * v[s, h, e]))
                """,
                // 0 where the mean is taken of the same score, and next to 0 where it is not.
                """
                param w1[e, d]
                param w2[e, d]
                q[t, e] = sum[d](x[t, d] * w1)
                k[t, e] = sum[d](x[t, d] * w2)
                score[t, s] = sum[e](q[t, e] * k[s, e]) / sqrt(size(e)) where s <= t
                p[t, s] = tanh(score - mean[s](score))
                v[t, e] = sum[s](p[t, s] * k[s, e])
                output y[t, e] = v * erf(v)
                """);
    }

    @ParameterizedTest
    @MethodSource("found")
    void enginesAgree(String body) {
        String source = "model Found(d = 7, e = 4, h = 2) {\ninput x[t, d] : real\ns = size(t)\n" + body + "}\n";
        for (int length : new int[] {1, 2, 7, 31}) {
            for (int seed = 0; seed < 5; seed++) {
                Case given = new Case(Case.elaborate(source, Map.of()), 2, length, 0.7, seed);
                new Agreement(given).passesAndPlan();
                new Agreement(given).compiled();
            }
        }
    }
}
