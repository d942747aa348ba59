package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.compiler.passes.Passes;
import tfx.compiler.schedule.Backend.Layout;
import tfx.compiler.schedule.Backend.Request;
import tfx.compiler.schedule.ElementType;
import tfx.compiler.schedule.Schedule;
import tfx.compiler.schedule.Scheduler;
import tfx.testing.Models;

/** Heads that share keys and values are folded by one group, as many as it has warps for. */
class FoldRowsTest {
    @ParameterizedTest
    @CsvSource({"4, 4, 1", "4, 2, 2", "6, 2, 1", "8, 2, 2", "4, 1, 2"})
    void headsThatShareKeysAreTogether(int heads, int shared, int together) {
        Schedule schedule =
                Scheduler.schedule(Passes.run(Models.decoder(new Models.Shape(17, 8 * heads, 1, heads, shared, 12))));
        List<Integer> rows = new ArrayList<>();
        schedule.kernels().forEach(kernel -> {
            List<Layout> layouts = kernel.operands().stream()
                    .map(value -> new Layout(ElementType.F32, Cut.strides(value.shape())))
                    .collect(Collectors.toList());
            Template template = new Template(new Request(kernel, layouts, ElementType.F32, schedule.length()));
            FoldRows found =
                    FoldRows.find(template.emitter(), kernel.output().indices(), template.body(), new Emulator());
            if (found != null) {
                rows.add(found.rows());
            }
        });
        assertEquals(List.of(together), rows);
    }
}
