package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import tfx.backend.tornado.emulator.KernelRules;
import tfx.ir.Expr;
import tfx.ir.Expr.BinaryOp;
import tfx.ir.Index;
import tfx.ir.Size;

/** Forms that TornadoVM compiles wrong are found in source and not generated. */
class KernelRulesTest {
    @Test
    void loopsInBothBranchesAreFound() {
        String loop = "{ for (int i = 0; i < 3; i++) { s = s + i; } v = s; }";
        String body = "class K { static float f(boolean c) { float s = 0; float v; if (c) " + loop;
        IllegalStateException fault = assertThrows(
                IllegalStateException.class, () -> KernelRules.check("K", body + " else " + loop + " return v; } }"));
        assertTrue(fault.getMessage().contains("both branches have loops"), fault.getMessage());
        KernelRules.check("K", body + " else { v = 1; } return v; } }");
    }

    @Test
    void whatIsComputedFromAShortIsRefused() {
        String begin = "class K { static int f(int wide, float x) { return ";
        IllegalStateException fault = assertThrows(
                IllegalStateException.class,
                () -> KernelRules.check("K", begin + "BFloat16.bf16FromFloat(x) & 65535; } }"));
        assertTrue(fault.getMessage().contains("short"), fault.getMessage());
        KernelRules.check("K", begin + "wide - BFloat16.bf16FromFloat(x); } }");
    }

    @Test
    void aChoiceBetweenSumsIsGeneratedOtherwise() {
        float[] in = {-2, 3};
        // The emulator checks what it is given.
        float[] found = Kernels.map(
                in,
                x -> new Expr.Select(
                        new Expr.Binary(BinaryOp.LT, x, new Expr.Number(0)),
                        sum(x, BinaryOp.MUL),
                        sum(x, BinaryOp.ADD)));
        assertEquals(-2 * (1 + 2 + 3), found[0]);
        assertEquals(3 * 4 + 1 + 2 + 3, found[1]);
    }

    private static Expr sum(Expr x, BinaryOp op) {
        Index k = new Index("k", Size.of(4));
        return new Expr.Reduce(Expr.Monoid.SUM, List.of(k), Expr.TRUE, new Expr.Binary(op, x, new Expr.At(k)));
    }
}
