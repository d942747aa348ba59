package tfx.runtime.weights;

import static tfx.runtime.weights.Faults.fault;
import static tfx.runtime.weights.Faults.quote;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import tfx.runtime.weights.SafetensorsHeader.Entry;

/** Checks that the spans of the tensors follow one another from the first byte of the data to the last. */
final class Layout {
    private static final String MEND = "the file is damaged, or its writer is at fault: fetch or write it again";

    private Layout() {}

    static void check(String file, Collection<Entry> entries, long dataSize) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long end = 0;
        String before = null;
        for (Entry entry : sorted) {
            if (entry.begin() < end) {
                throw fault(
                        "TFX0317",
                        file,
                        "the tensors " + quote(String.valueOf(before)) + " and " + quote(entry.name())
                                + " overlap: one ends at byte " + end + " of the data, the other begins at "
                                + entry.begin(),
                        MEND);
            }
            if (entry.begin() > end) {
                throw gap(file, end, entry.begin(), "the tensor " + quote(entry.name()));
            }
            end = entry.end();
            before = entry.name();
        }
        if (end < dataSize) {
            throw gap(file, end, dataSize, "the end of the file");
        }
    }

    private static tfx.source.TfxException gap(String file, long from, long to, String next) {
        return fault(
                "TFX0316",
                file,
                "bytes " + from + " to " + to + " of the data, before " + next + ", belong to no tensor",
                MEND);
    }
}
