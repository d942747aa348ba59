package tfx.runtime.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.junit.jupiter.api.Test;
import tfx.runtime.plan.KernelProfiler;
import tfx.runtime.plan.Profile;

/** What tools see of a running model: its kernels with what they compute, and a loop that can be interrupted. */
class InstrumentTest {
    @Test
    void kernelsAreTimed() {
        try (Engine engine = Engine.create();
                Context context = Guests.context().engine(engine).build()) {
            KernelProfiler profiler =
                    engine.getInstruments().get(KernelProfiler.ID).lookup(KernelProfiler.class);
            Value session = Guests.sums(context).invokeMember("session");
            session.invokeMember("step", 0, 1, 0);
            session.invokeMember("step", 1);
            session.invokeMember("step", 1);
            List<Profile.Row> rows = profiler.rows();
            assertTrue(rows.stream().anyMatch(row -> row.single() && row.calls() >= 2), rows.toString());
            assertTrue(
                    rows.stream().anyMatch(row -> row.kernel().contains("scaled") && row.flops() > 0), rows.toString());
            assertTrue(rows.stream().allMatch(row -> row.nanos() > 0 && row.bytes() > 0), rows.toString());
        }
    }

    @Test
    void anInstrumentReadsWhatKernelsCompute() {
        try (Engine engine = Engine.create();
                Context context = Guests.context().engine(engine).build()) {
            Observer observer = engine.getInstruments().get(Observer.ID).lookup(Observer.class);
            Guests.sums(context).execute(1, 0);
            assertEquals(
                    "[[[5.0, 10.0], [5.5, 11.0]]]",
                    observer.seen().get("scaled"),
                    observer.seen().toString());
            // The unfused program computes the sums before it scales them.
            assertEquals(
                    "[[[10.0, 20.0], [11.0, 22.0]]]",
                    observer.seen().get("sums"),
                    observer.seen().toString());
        }
    }

    @Test
    void generationIsInterrupted() throws InterruptedException, TimeoutException {
        String endless = Guests.SUMS.replace("t <= 6", "t <= 10000000");
        try (Context context = Guests.context().build()) {
            Value model = context.eval(Guests.source(endless))
                    .getMember("Sums")
                    .newInstance(Map.of("vocab", 1, "d", 1), Map.of("table", new int[][] {{1}}));
            CountDownLatch begun = new CountDownLatch(1);
            Thread interrupter = Thread.ofPlatform().start(() -> {
                try {
                    begun.await();
                    Thread.sleep(200);
                    context.interrupt(Duration.ofSeconds(60));
                } catch (InterruptedException | TimeoutException e) {
                    throw new IllegalStateException(e);
                }
            });
            begun.countDown();
            PolyglotException stopped = assertThrows(
                    PolyglotException.class, () -> model.invokeMember("generate", new int[] {0}, 10_000_000));
            interrupter.join();
            assertTrue(stopped.isInterrupted(), stopped.toString());
            assertEquals(
                    1, model.execute(0).getArrayElement(0).getArrayElement(0).asInt());
        }
    }
}
