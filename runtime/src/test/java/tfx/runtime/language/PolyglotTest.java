package tfx.runtime.language;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.junit.jupiter.api.Test;

/** What a host sees of sources, models, their values and sessions. */
class PolyglotTest {
    @Test
    void aSourceGivesItsModelsAndTheScopeHasThem() {
        try (Context context = Guests.context().build()) {
            Value models = context.eval(Guests.source(Guests.SUMS + "variant Twice of Sums { scale = 2 }"));
            assertEquals(java.util.Set.of("Sums", "Twice"), models.getMemberKeys());
            assertEquals("model Sums(vocab, d, scale)", models.getMember("Sums").toString());
            assertTrue(models.getMember("Twice").canInstantiate());
            assertFalse(models.getMember("Twice").canExecute());
            assertTrue(context.getBindings("tfx").hasMember("Twice"));
        }
    }

    @Test
    void aModelIsCalledWithNumbersAnArrayOrABatch() {
        try (Context context = Guests.context().build()) {
            Value sums = Guests.sums(context);
            double[][] expected = {{0.5, 1}, {5.5, 11}, {6, 12}};
            assertArrayEquals(expected, sums.execute(0, 1, 0).as(double[][].class));
            assertArrayEquals(
                    expected, sums.execute((Object) new int[] {0, 1, 0}).as(double[][].class));
            Value batch = sums.execute((Object) new int[][] {{0, 1}, {1, 1}});
            assertArrayEquals(new long[] {2, 2, 2}, batch.getMember("shape").as(long[].class));
            assertArrayEquals(
                    new double[][][] {{{0.5, 1}, {5.5, 11}}, {{5, 10}, {10, 20}}}, batch.as(double[][][].class));
            assertArrayEquals(
                    expected,
                    sums.execute(Map.of("tokens", new int[] {0, 1, 0})).as(double[][].class));
        }
    }

    @Test
    void aSessionStepsAsTheWholeRuns() {
        try (Context context = Guests.context().build()) {
            Value sums = Guests.sums(context);
            Value session = sums.invokeMember("session");
            assertArrayEquals(
                    new double[] {5.5, 11}, session.invokeMember("step", 0, 1).as(double[].class));
            assertArrayEquals(
                    new double[] {6, 12}, session.getMember("step").execute(0).as(double[].class));
            assertEquals(3, session.getMember("position").asLong());
            session.invokeMember("reset");
            assertArrayEquals(
                    new double[][] {{5, 10}}, session.invokeMember("run", 1).as(double[][].class));
            Value pair = sums.invokeMember("session", 2);
            assertArrayEquals(
                    new double[][] {{0.5, 1}, {5, 10}},
                    pair.invokeMember("step", (Object) new int[][] {{0}, {1}}).as(double[][].class));
        }
    }

    @Test
    void namedValuesAreProbedByPath() {
        try (Context context = Guests.context().build()) {
            Value sums = Guests.sums(context);
            assertTrue(sums.getMember("values").as(java.util.List.class).contains("x"));
            Value x = sums.invokeMember("probe", new int[] {1, 0}, "x");
            assertArrayEquals(new double[][] {{10, 20}, {1, 2}}, x.as(double[][].class));
            Value both = sums.invokeMember("probe", new int[] {1}, "x", "scaled");
            assertArrayEquals(new double[][] {{5, 10}}, both.getMember("scaled").as(double[][].class));
            assertArrayEquals(new double[][] {{10, 20}}, both.getMember("x").as(double[][].class));
        }
    }

    @Test
    void trainedWeightsContinueTextAndIds() throws java.io.IOException {
        try (Context context = Guests.context().build()) {
            java.io.File file = Guests.ROOT.resolve("stdlib/models/gpt2.tfx").toFile();
            assertEquals("tfx", Source.findLanguage(file));
            Value model = context.eval(Source.newBuilder("tfx", file).build())
                    .getMember("Gpt2")
                    .invokeMember("load", Guests.ROOT.resolve("examples/gpt2").toString());
            Value ids = model.invokeMember("encode", "ab");
            Value more = model.invokeMember("generate", ids, 3);
            assertEquals(3, more.getArraySize());
            assertEquals(
                    model.invokeMember("decode", more).asString(),
                    model.invokeMember("generate", "ab", 3).asString());
            Value drawn = model.invokeMember("generate", ids, 3, Map.of("temperature", 2.0, "seed", 7));
            assertEquals(
                    drawn.toString(),
                    model.invokeMember("generate", ids, 3, Map.of("temperature", 2.0, "seed", 7))
                            .toString());
            double[][] logits = model.execute(ids).as(double[][].class);
            assertEquals(
                    best(logits[logits.length - 1]), more.getArrayElement(0).asInt());
            assertEquals(logits[0].length, model.getMember("vocabulary").asLong());
        }
    }

    private static int best(double[] logits) {
        int best = 0;
        for (int i = 0; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
