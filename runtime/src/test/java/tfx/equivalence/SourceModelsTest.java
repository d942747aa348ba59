package tfx.equivalence;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.constraints.IntRange;
import tfx.compiler.elaborate.Elaborated;
import tfx.equivalence.Draw.Stage;

/**
 * Generated tfx programs, as text, through the whole compiler. A failure is shrunk to a short program, which is shown and is
 * tried first in the next run. More tries than the few of every build: {@code -Djqwik.tries.default=1000}.
 */
class SourceModelsTest {
    @Provide
    Arbitrary<Draw> programs() {
        Arbitrary<List<Integer>> sizes = choice(Draw.SIZES.length).list().ofSize(5);
        return Combinators.combine(sizes, choice(3), choice(4), stages(3), stages(3), stages(2))
                .as(Draw::new);
    }

    /** Every choice as likely as the next; jqwik's own numbers are mostly small ones. */
    private static Arbitrary<Integer> choice(int count) {
        return Arbitraries.integers().between(0, count - 1).withDistribution(RandomDistribution.uniform());
    }

    private static Arbitrary<List<Stage>> stages(int most) {
        // As many as the choices that a stage makes of one number have together.
        Arbitrary<Integer> choice = choice(12 * 27);
        return Combinators.combine(choice(SourceWriter.KINDS), choice(4), choice, choice, choice)
                .as(Stage::new)
                .list()
                .ofMaxSize(most);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void passesPlanAndStepsKeepTheMeaning(
            @ForAll("programs") Draw program,
            @ForAll("lengths") int length,
            @ForAll @IntRange(min = 1, max = 2) int batch,
            @ForAll @IntRange(max = 1000) int seed) {
        new Agreement(of(program, batch, length, seed)).passesAndPlan();
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void theCompiledEngineAgreesWithTheReference(
            @ForAll("programs") Draw program,
            @ForAll("lengths") int length,
            @ForAll @IntRange(min = 1, max = 2) int batch,
            @ForAll @IntRange(max = 1000) int seed) {
        new Agreement(of(program, batch, length, seed)).compiled();
    }

    @Provide
    Arbitrary<Integer> lengths() {
        return Arbitraries.of(1, 2, 3, 7, 16, 31);
    }

    private static Case of(Draw program, int batch, int length, int seed) {
        Elaborated elaborated = Case.elaborate(program.source(), Map.of());
        return new Case(elaborated, batch, length, 0.7, seed);
    }
}
