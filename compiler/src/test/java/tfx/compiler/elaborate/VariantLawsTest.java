package tfx.compiler.elaborate;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static tfx.compiler.elaborate.Laws.LENGTH;
import static tfx.compiler.elaborate.Laws.assertClose;
import static tfx.compiler.elaborate.Laws.given;
import static tfx.compiler.elaborate.Laws.importing;
import static tfx.compiler.elaborate.Laws.model;
import static tfx.compiler.elaborate.Laws.random;

import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Example;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Program;
import tfx.ir.Value;
import tfx.testing.Evaluator;

/** Variants that nobody published, however they run. */
class VariantLawsTest {
    /** Variants that nobody published: projections, recall and masks of one with the others'. */
    private static final Map<String, String> COMBINATIONS = new TreeMap<>(Map.of(
            "TokenFormer in a Llama",
            importing("llama") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Llama { linear = pattention(slots: 2 * d) }",
            "TokenFormer in a sliding window",
            importing("llama") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Llama { linear = pattention(slots: 3) kv_heads = 2\n"
                    + "mixer = attention(heads: heads, kv_heads: kv_heads, mask: sliding(window: 3), linear: linear, out: linear) }",
            "TokenFormer in a GPT-2",
            importing("gpt2") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of Gpt2 { linear = pattention(slots: 3, weigh: gelu_l2_norm) }",
            "LIMe with shared heads",
            importing("lime") + "variant V of LIMe { kv_heads = 2 }",
            "LIMe over TokenFormer projections",
            importing("lime") + "import \"stdlib/pattention.tfx\"\n"
                    + "variant V of LIMe { linear = pattention(slots: 3, weigh: zoomed_softmax) kv_heads = 2 }",
            "LIMe in a Qwen3 window",
            importing("lime") + "variant V of LIMe { kv_heads = 1\n"
                    + "mixer = attention(heads: heads, kv_heads: kv_heads, norm_q: rms_norm, norm_k: rms_norm,\n"
                    + "mask: sliding(window: 2), recall: recall(depth: l + 1)) }"));

    /** All at once, in steps of any lengths with the derived caches, and after all passes: one result. */
    @Example
    void combinationsRunInAnySteps() {
        COMBINATIONS.forEach((name, text) -> {
            Elaborated model = model(text);
            Map<Value, double[]> given = given(model.program(), random(name.hashCode()));
            double[] want = Evaluator.run(model.program(), LENGTH, given).get("logits");
            Program fused = Passes.run(model.program());
            assertClose(want, Evaluator.run(fused, LENGTH, given).get("logits"), name);
            Schedule schedule = Scheduler.schedule(fused);
            assertTrue(
                    schedule.causality().incremental(),
                    name + ": " + schedule.causality().reason());
            assertClose(
                    want,
                    Evaluator.steps(schedule, LENGTH, given, 1, 2, 3, 4, 5).get("logits"),
                    name + ", token by token");
            assertClose(want, Evaluator.steps(schedule, LENGTH, given, 3, 5).get("logits"), name + ", in chunks");
        });
    }
}
