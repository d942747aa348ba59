package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.emulator.BFloat16;
import tfx.backend.tornado.emulator.TornadoMath;
import tfx.compiler.schedule.ElementType;

/** The text of kernels as CUDA's compiler is given it. */
class CudaTextTest {
    private static String rewritten(String java) {
        return CudaText.rewritten(java);
    }

    @Test
    void arraysAreDeclaredAsInC() {
        assertEquals(
                "__shared__ __align__(16) float shared[2 * 8];\n__shared__ __align__(16) int odd[1];",
                rewritten("final float[] shared = context.allocateFloatLocalArray(2 * 8);\n"
                        + "final int[] odd = context.allocateIntLocalArray(1);"));
        assertEquals("float sums[4] = {};", rewritten("final float[] sums = new float[4];"));
    }

    @Test
    void onlyWholeNumbersOfTypeFloatGetAPoint() {
        assertEquals("0.0f - 12.0f * x1f", rewritten("0f - 12f * x1f"));
        assertEquals("1.5f + 2.0e-3f + 1.0E+7f", rewritten("1.5f + 2.0e-3f + 1.0E+7f"));
        assertEquals("(-1.0f)", rewritten("(-1f)"));
    }

    @Test
    void functionsAreNamedByTheirNamespace() {
        assertEquals("TornadoMath::exp(s.get(0))", rewritten("TornadoMath.exp(s.get(0))"));
        assertEquals("BFloat16::bf16ToFloat((short) w)", rewritten("BFloat16.bf16ToFloat((short) w)"));
    }

    @Test
    void theKernelTakesItsPlaceAndPlainPointers() {
        KernelText kernel = new KernelText(
                "K",
                List.of(
                        new KernelText.Parameter("s0", ElementType.I64, false),
                        new KernelText.Parameter("s1", ElementType.F32, true)),
                "s1.set(0, 1f);\n",
                512,
                2);
        String text = CudaText.of(kernel);
        assertTrue(
                text.contains("__launch_bounds__(512, 2) __global__ void K(const int at, int *args_, double *literals_,"
                        + " long *s0_, float *s1_) {\n"),
                text);
        assertTrue(text.endsWith("s1.set(0, 1.0f);\n" + Inputs.AWAITED + "\n}\n"), text);
    }

    @Test
    void aSlabIsWrittenWhereTheTextSetsItsElements() {
        Written written = new Written(null, 128, false, Written.cells(128));
        KernelText kernel = KernelText.of(
                "K", List.of(ElementType.BF16, ElementType.F32), Set.of(0), "s1.set(at, s0.get(1));", written);
        assertEquals(ElementType.I64, kernel.slabs().get(0).type());
        assertFalse(kernel.slabs().get(0).written());
        assertTrue(kernel.slabs().get(1).written());
    }

    /** What is Java and no C++, of all that the writers could write. */
    private static final Pattern JAVA = Pattern.compile(
            "\\[\\] |\\bnew \\b|allocate\\w+Array|[ (]\\d+f\\b|>>>|instanceof|\\b(Math|Float|Integer|TornadoMath|BFloat16)\\.|\\bbyte\\b");

    @Test
    void nothingOfJavaIsLeft() {
        for (KernelText kernel : GeneratedSourceTest.kernels()) {
            String body = CudaText.rewritten(kernel.body());
            assertFalse(JAVA.matcher(body).find(), () -> kernel.name() + "\n" + body);
        }
    }

    /** Names that a variable has in Java and cannot have in C++. */
    @Test
    void noVariableIsNamedAsAWordOfTheLanguage() {
        Pattern variable = Pattern.compile(
                "\\b(?:int|float|double|long|boolean) (and|asm|auto|delete|explicit|extern|inline|not|operator"
                        + "|or|register|signed|sizeof|struct|template|typedef|union|unsigned|using|virtual|xor)\\b");
        for (KernelText kernel : GeneratedSourceTest.kernels()) {
            assertFalse(variable.matcher(kernel.body()).find(), kernel.name());
        }
    }

    /** What the emulator has of a device's functions CUDA has as well. */
    @Test
    void thePreambleDefinesWhatTheEmulatorDoes() {
        String text = CudaText.of(new KernelText("K", List.of(), "", 32, 0));
        for (Class<?> type : List.of(TornadoMath.class, BFloat16.class)) {
            String space = text.substring(text.indexOf("namespace " + type.getSimpleName()));
            String own = space.substring(0, space.indexOf("\n}\n\n"));
            for (Method method : type.getDeclaredMethods()) {
                assertTrue(own.contains(" " + method.getName() + "("), type + " " + method.getName());
            }
        }
    }
}
