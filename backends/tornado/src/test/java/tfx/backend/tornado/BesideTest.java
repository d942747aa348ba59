package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.GraphBuilder.Job;
import tfx.backend.tornado.GraphBuilder.Numbered;
import tfx.compiler.schedule.ElementType;

/** Which kernels of many rows run in one launch. */
class BesideTest {
    private final List<Numbered> kernels = HandoverTest.kernels();
    private final Beside beside = new Beside(kernels, new Emulator());
    private final Job queries = job("q.y", Role.WHOLE, true);
    private final Job product = job("k_proj.y", Role.REST, true);
    private final Job keys = job("k.y", Role.WHOLE, true);
    private final Job values = job("v_proj.y", Role.REST, true);

    @Test
    void whatIsTurnedAndCopiedForAttentionIsOneLaunch() {
        assertEquals(List.of(3), sizes(queries, keys, values));
    }

    /** What is not kept may lie where a job beside it still reads. */
    @Test
    void onlyTheFirstNeedNotBeKept() {
        assertEquals(List.of(1, 2), sizes(keys, queries, values));
    }

    @Test
    void whatReadsAnotherWaitsForIt() {
        assertEquals(List.of(2), sizes(product, values));
        assertEquals(List.of(1, 1), sizes(product, keys));
        assertEquals(List.of(2, 1), sizes(product, values, keys));
    }

    /** A library's product, a kernel with loops, the rows of a product and a kernel of few rows are launches of their own. */
    @Test
    void othersAreByThemselves() {
        Driver.Block none = new Driver.Block(new Object(), 0, 1);
        Driver.Multiply multiply =
                new Driver.Multiply("", ElementType.F32, none, none, false, none, ElementType.F32, false, 1, 1, 1);
        assertEquals(List.of(1, 0, 1), sizes(keys, multiply, values));
        assertEquals(List.of(1, 1), sizes(keys, job("v_proj.y", Role.WHOLE, true)));
        assertEquals(List.of(1, 1), sizes(keys, job("v_proj.y", Role.rows(0), true)));
        assertEquals(List.of(1, 1), sizes(keys, job("v_proj.y", Role.REST, false)));
    }

    /** How many jobs each launch has; 0 for a product. */
    private List<Integer> sizes(Object... jobs) {
        return beside.launches(List.of(jobs)).stream()
                .map(launch -> launch instanceof Beside.Jobs some ? some.all().size() : 0)
                .toList();
    }

    private Job job(String name, Role role, boolean many) {
        for (int k = 0; k < kernels.size(); k++) {
            Numbered kernel = kernels.get(k);
            if (kernel.output().name().equals("layers.0.self_attn." + name)) {
                Template template = switch (role.kind()) {
                    case REST -> kernel.cut().rest().template();
                    case ROWS -> kernel.cut().factors().getFirst().rows().template();
                    default -> kernel.whole();
                };
                return new Job(k, role, new KernelClasses.Wanted(template, null, many));
            }
        }
        throw new IllegalArgumentException(name);
    }
}
