package tfx.backend.tornado;

import java.util.function.IntUnaryOperator;

/**
 * A kernel's body as text, with what it takes to start it.
 *
 * @param emitter holds the text in its outermost scope, and the record of changing numbers in its operands
 * @param group work items in a group
 * @param barriers whether the items of a group wait for one another
 * @param groups how many groups a device of so many compute units is given; any number is right
 */
record Written(Emitter emitter, int group, boolean barriers, IntUnaryOperator groups) {
    /** Items that a compute unit holds at once, roughly: more groups than that only wait. */
    private static final int RESIDENT = 1024;

    /** Enough groups to fill each compute unit. */
    static IntUnaryOperator cells(int group) {
        return cells(group, RESIDENT);
    }

    static IntUnaryOperator cells(int group, int resident) {
        return units -> units * Math.max(1, resident / group);
    }
}
