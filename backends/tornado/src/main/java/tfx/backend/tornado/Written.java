package tfx.backend.tornado;

import org.jspecify.annotations.Nullable;

/**
 * A kernel's body as text, with what it takes to start it.
 *
 * @param emitter holds the text in its outermost scope, and the record of changing numbers in its operands
 * @param group work items in a group
 * @param barriers whether the items of a group wait for one another
 * @param groups how many groups it is started with; any number is right
 */
record Written(Emitter emitter, int group, boolean barriers, Groups groups) {
    /** Positions of all sequences in a step of few rows, where the number of groups hangs on it: of more each group has several. */
    static final int ROWS = 4;

    /** Items that a compute unit holds at once, roughly: more groups than that only wait. */
    private static final int RESIDENT = 1024;

    /**
     * Groups that fill a device.
     *
     * @param each how many a compute unit is given
     * @param held how many of them it holds at once whatever registers that leaves to an item, 0 where the device's compiler may choose
     * @param pieces what groups take one after another, in a step of few rows; null where not known
     */
    record Groups(int each, int held, @Nullable Pieces pieces) {
        /** How many pieces there are in a call. */
        interface Pieces {
            long of(CallRecord.Call call);
        }

        Groups(int each, int held) {
            this(each, held, null);
        }

        Groups of(Pieces pieces) {
            return new Groups(each, held, pieces);
        }

        /**
         * How many a device of so many compute units is given.
         *
         * @param few a call of a step of few rows, where none is to only start and end, and each to have as much to do as others;
         *     null for other steps
         */
        int of(int units, CallRecord.@Nullable Call few) {
            int most = units * each;
            if (few == null || pieces == null) {
                return most;
            }
            long all = Math.max(1, pieces.of(few));
            long rounds = (all + most - 1) / most;
            return (int) ((all + rounds - 1) / rounds);
        }
    }

    /** Enough groups to fill each compute unit. */
    static Groups cells(int group) {
        return new Groups(Math.max(1, RESIDENT / group), 0);
    }

    /** The same with as many items as {@code resident}, half of them at once at least where more are wanted than have enough registers. */
    static Groups cells(int group, int resident) {
        return new Groups(Math.max(1, resident / group), Math.max(1, Math.min(resident, RESIDENT) / group));
    }
}
