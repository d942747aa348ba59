package tfx.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tfx.backend.cpu.CpuBackend;
import tfx.backend.cpu.PoolWorkers;
import tfx.compiler.elaborate.Elaborated;
import tfx.equivalence.Case;
import tfx.runtime.reference.Reference;

/** Attention takes memory linear in the length: no matrix of scores is ever stored, at any length. */
class LongSequenceTest {
    /** What one run held at most and allocated, in bytes. */
    private record Taken(long session, long heap) {}

    @Test
    void attentionAtSixteenThousandPositionsTakesLinearMemory() {
        Elaborated llama = Case.elaborate(
                "import \"stdlib/models/llama.tfx\"\nvariant Long of Llama { layers = 1 }",
                Map.of("vocab", 8L, "d", 8L, "heads", 1L, "head", 8L, "ffn", 8L, "context", 1L << 20));
        Case given = new Case(llama, 1, 1, 0.5, 3);
        try (PoolWorkers workers = new PoolWorkers(2)) {
            Engine engine = Engines.compiled(given.program, new CpuBackend(), given.parameters(), workers, note -> {});
            run(engine, 64);
            Taken fourth = run(engine, 4096);
            Taken whole = run(engine, 16_384);
            // A matrix of scores would be 1 GiB, sixteen times that of a quarter of the length; caches grow by halves.
            assertTrue(whole.session() < 16L << 20, whole.toString());
            assertTrue(whole.session() <= 8 * fourth.session(), fourth + " " + whole);
            assertTrue(whole.heap() < 256L << 20, whole.toString());
        }
    }

    private static Taken run(Engine engine, int length) {
        double[] tokens = new Random(1).ints(length, 0, 8).asDoubleStream().toArray();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (PlanSession session = (PlanSession) engine.open(1)) {
            long before = threads.getTotalThreadAllocatedBytes();
            Map<String, Reference.Result> last = session.advance(
                    Map.of("tokens", new Reference.Array(tokens, new long[] {1, length})), Session.Rows.LAST);
            long heap = threads.getTotalThreadAllocatedBytes() - before;
            assertTrue(Double.isFinite(last.get("logits").data()[0]));
            return new Taken(session.bytes(), heap);
        }
    }
}
