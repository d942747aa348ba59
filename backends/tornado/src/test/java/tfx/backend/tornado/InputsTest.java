package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a kernel reads before it waits for the kernels before it. */
class InputsTest {
    private static final String LINE = Inputs.AWAITED + "\n";

    @Test
    void aKernelWaitsAtItsBegin() {
        String body = "s0.set(at, s1.get(at));\n";
        assertEquals(LINE + body, Inputs.awaited(body, Set.of(1)));
    }

    @Test
    void weightsAreAskedForBefore() {
        String body = "final float w = s1.get(at);\n" + LINE + "s0.set(at, w * s0.get(at));\n";
        assertEquals(body, Inputs.awaited(body, Set.of(1)));
        assertEquals("final float w = s1.get(at);\ns0.set(at, w * s0.get(at));\n", Inputs.without(body));
    }

    @Test
    void whatKernelsWriteIsNot() {
        String early = "final float x = s0.get(at);\n";
        String late = "s0.set(at, x * s1.get(at));\n";
        assertEquals(LINE + early + late, Inputs.awaited(early + LINE + late, Set.of(1)));
    }

    @Test
    void whatWasThereBeforeMayBeReadBehindAConditionalWait() {
        String body = Inputs.awaitedIf("last > earlier") + "\nfinal float x = s0.getEarlier(at);\n" + LINE
                + "s0.set(at, x * s0.get(at));\n";
        assertEquals(body, Inputs.awaited(body, Set.of()));
        assertEquals("final float x = s0.getEarlier(at);\ns0.set(at, x * s0.get(at));\n", Inputs.without(body));
        String late = "final float y = s0.get(at);\n" + body;
        assertEquals(LINE + Inputs.without(late), Inputs.awaited(late, Set.of()));
    }

    @Test
    void aDeviceThatTellsReadsApartHasTheirNames() {
        assertEquals("s0.get(at) + s1.get(at)", Reads.plain("s0.getEarlier(at) + s1.getOnce(at)"));
        String text = CudaText.of(new KernelText("K", List.of(), "", 32, 0));
        for (String read : List.of(Reads.PLAIN, Reads.ONCE, Reads.EARLIER)) {
            assertTrue(text.contains("FUNCTION T " + read.substring(1) + "int index) const"), read);
        }
    }

    @Test
    void everyKernelWaitsOnceAndWhetherItHasWorkOrNot() {
        Pattern read = Pattern.compile("\\bs\\d+\\.(get|set)\\(");
        for (KernelText kernel : GeneratedSourceTest.kernels()) {
            String[] parts = kernel.body().split(Pattern.quote(Inputs.AWAITED), -1);
            assertEquals(2, parts.length, kernel.name());
            assertTrue(CudaText.of(kernel).endsWith(Inputs.AWAITED + "\n}\n"), kernel.name());
            boolean early = read.matcher(parts[0]).find();
            assertTrue(!early || kernel.slabs().stream().anyMatch(slab -> !slab.written()), kernel.name());
        }
    }
}
