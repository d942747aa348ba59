package tfx.backend.tornado;

import java.util.List;
import tfx.backend.tornado.DeviceGraph.Call;

/**
 * The tasks for steps of a size. The first form carries uploads; the second takes any step, with a kernel each; others are for
 * steps of many rows, whose products a library computes for exactly so many.
 *
 * @param rows of the products of matrices; 0 where there are none
 */
record Form(int rows, List<Place> places, Passing passing) {
    /** With at most so many rows times the platform's few, reading weights is all that counts: kernels for that are generated. */
    private static final int STEP = 8;

    /** In place of the number of rows: the form for steps of few rows with the kernels of the step before, in few launches. */
    static final int TOGETHER = -1;

    /**
     * Where a task's record lies in the arguments.
     *
     * @param number the kernel's, or that of a launch of several; -1 - s for the upload into slab s
     */
    record Place(int number, Role role, int at, List<CallRecord.Entry> entries) {
        /** Puts the record of a call among those of all tasks. */
        void write(CallRecord.Call arguments, int[] records) {
            for (int k = 0; k < entries.size(); k++) {
                records[at + k] = Math.toIntExact(entries.get(k).of(arguments));
            }
        }
    }

    /** Where its records begin; those of earlier forms, which its tasks do not read, lie before. */
    int first() {
        return places.isEmpty() ? 0 : places.getFirst().at();
    }

    /** The number of rows that products of a step with {@code rows} are computed for; 0 for few. */
    static int bucket(long rows, int few) {
        if (rows <= few) {
            return 0;
        }
        long bucket = few;
        while (bucket < rows) {
            bucket *= STEP;
        }
        return Math.toIntExact(bucket);
    }

    /** The most rows that a call has. */
    static long rows(List<Call> calls) {
        long most = 0;
        for (Call call : calls) {
            most = Math.max(most, rows(call));
        }
        return most;
    }

    static long rows(Call call) {
        var step = call.arguments().step();
        return (step.end() - step.start()) * step.batch();
    }

    /** Lays records one behind another, those of all forms. */
    static final class Layout {
        private int next;

        /** @param size numbers that the place has room for */
        Place place(int number, Role role, List<CallRecord.Entry> entries, int size) {
            Place place = new Place(number, role, next, entries);
            next += size;
            return place;
        }

        int size() {
            return next;
        }
    }
}
