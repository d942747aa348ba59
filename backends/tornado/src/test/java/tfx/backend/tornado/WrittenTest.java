package tfx.backend.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tfx.compiler.schedule.Step;
import tfx.compiler.schedule.Tensor;

class WrittenTest {
    /** 132 units that hold two groups each. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "22, 22", "264, 264", "265, 133", "512, 256", "640, 214", "1408, 235", "8000, 259"})
    void aStepOfFewRowsHasNoGroupsWithoutAPieceAndAsManyPiecesInEach(long pieces, int groups) {
        CallRecord.Call call = new CallRecord.Call(new Tensor[0], new long[0], new Step(1, 0, 1), Map.of());
        Written.Groups all = Written.cells(512, 1024);
        assertEquals(groups, all.of(given -> pieces).of(132, call));
        assertEquals(264, all.of(132, call));
        assertEquals(264, all.of(given -> pieces).of(132, null));
    }
}
