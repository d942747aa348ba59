package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.ir.Expr;
import tfx.ir.Exprs;
import tfx.ir.Index;
import tfx.testing.Models;

/** Heads that share keys and values are folded by one group, as many as it has warps for. */
class FoldRowsTest {
    @ParameterizedTest
    @CsvSource({"4, 4, 1", "4, 2, 2", "6, 2, 1", "8, 2, 2", "4, 1, 2"})
    void headsThatShareKeysAreTogether(int heads, int shared, int together) {
        Schedule schedule =
                Scheduler.schedule(Passes.run(Models.decoder(new Models.Shape(17, 8 * heads, 1, heads, shared, 12))));
        List<Integer> rows = new ArrayList<>();
        templates(schedule).forEach(template -> {
            FoldRows found = FoldRows.find(template.emitter(), indices(template), template.body(), new Emulator());
            if (found != null) {
                rows.add(found.rows());
            }
        });
        assertEquals(List.of(together), rows);
    }

    private static List<Index> indices(Template template) {
        return template.request().kernel().output().indices();
    }

    private static List<Template> templates(Schedule schedule) {
        return schedule.kernels().stream()
                .map(kernel -> new Template(new Request(
                        kernel,
                        kernel.operands().stream()
                                .map(value -> new Layout(ElementType.F32, Cut.strides(value.shape())))
                                .toList(),
                        ElementType.F32,
                        schedule.length())))
                .toList();
    }

    /** What a step keeps of its positions is read before the kernels of the next have ended; what is of others is not. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keysAndValuesOfEarlierStepsAreNotWaitedFor(boolean own) {
        Schedule schedule = Scheduler.schedule(Passes.run(Models.decoder(new Models.Shape(17, 32, 1, 4, 2, 12))));
        List<String> texts = new ArrayList<>();
        for (Template template : templates(schedule)) {
            Template of = own ? template : new Template(template.request(), before(template.body()));
            Split split = Split.of(of, new Emulator());
            if (split != null) {
                int[] slabs = new int[split.parts().types().size()];
                texts.add(split.parts()
                        .write(new Emulator(), slabs, false, true, 0)
                        .body());
            }
        }
        assertEquals(1, texts.size());
        assertEquals(own, texts.getFirst().contains(Reads.EARLIER), texts.getFirst());
        assertEquals(own, texts.getFirst().contains(Inputs.awaitedIf("round + 4 > earlier")), texts.getFirst());
    }

    /** The values of the position before each point's. */
    private static Expr before(Expr body) {
        return Exprs.replaceReads(body, read -> {
            List<Expr> at = new ArrayList<>(read.at());
            boolean fold = read.value().name().contains("v_proj") && at.getFirst() instanceof Expr.At;
            if (fold) {
                at.set(0, new Expr.Binary(Expr.BinaryOp.SUB, at.getFirst(), new Expr.Number(1)));
            }
            return fold ? new Expr.Read(read.value(), at) : null;
        });
    }
}
