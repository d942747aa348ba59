package tfx.backend.tornado.emulator;

import java.util.ArrayList;
import java.util.List;

/** What a work item knows of its place, and shares with its group. */
public final class KernelContext {
    public final int globalIdx;
    public final int localIdx;
    public final int groupIdx;
    public final int globalGroupSizeX;
    public final int localGroupSizeX;
    /** Ints that are copied at once. */
    private static final int COPIED = 4;

    private final WorkGroup group;
    private final List<Runnable> copies = new ArrayList<>();
    private int allocations;

    KernelContext(WorkGroup group, int number, int groups, int local) {
        this.group = group;
        this.groupIdx = number;
        this.localIdx = local;
        this.localGroupSizeX = group.size();
        this.globalIdx = number * group.size() + local;
        this.globalGroupSizeX = groups * group.size();
    }

    /** Waits until every work item of the group is here. */
    public void localBarrier() {
        group.await(localIdx, 0);
    }

    /** The same at a place that has a number: all must wait at one place. */
    public static void localBarrier(KernelContext context, int site) {
        context.group.await(context.localIdx, site);
    }

    /** Waits until the kernels before this one have ended. */
    public void awaitInputs() {
        awaitInputs(true);
    }

    /** The same where what is read next may be of this execution. */
    public void awaitInputs(boolean needed) {
        if (needed) {
            group.awaitInputs(localIdx);
        }
    }

    /** The sum of a number over the work items of a warp, in each of them. */
    public float simdSum(float value) {
        return group.sum(localIdx, value);
    }

    /** What the work item so many behind this one in its warp has; its own number where there is none. */
    public float simdShuffleDown(float value, int distance) {
        return group.other(localIdx, value, localIdx + distance);
    }

    /** What the first work item of a warp has. */
    public float simdBroadcastFirst(float value) {
        return group.other(localIdx, value, localIdx - localIdx % WorkGroup.WARP);
    }

    /** Memory that the group shares: the n-th call of every work item gives the same array. */
    public float[] allocateFloatLocalArray(int size) {
        return (float[]) group.shared(allocations++, size, true).array;
    }

    /** The same of 32-bit integers. */
    public int[] allocateIntLocalArray(int size) {
        return (int[]) group.shared(allocations++, size, false).array;
    }

    /** What a kernel reads from an array, its own or one that its group shares. */
    public static float load(float[] array, int index, KernelContext context) {
        context.reads(array, index);
        return array[index];
    }

    /** The same of integers. */
    public static int load(int[] array, int index, KernelContext context) {
        context.reads(array, index);
        return array[index];
    }

    /** What a kernel writes to such an array. */
    public static void store(float[] array, int index, float value, KernelContext context) {
        boolean same = Float.floatToRawIntBits(array[index]) == Float.floatToRawIntBits(value);
        context.writes(array, index, same);
        array[index] = value;
    }

    /** The same of integers. */
    public static void store(int[] array, int index, int value, KernelContext context) {
        context.writes(array, index, array[index] == value);
        array[index] = value;
    }

    private void reads(Object array, int index) {
        LocalMemory memory = group.memory(array);
        if (memory != null) {
            memory.read(index, localIdx, group.round());
        }
    }

    private void writes(Object array, int index, boolean same) {
        LocalMemory memory = group.memory(array);
        if (memory != null) {
            memory.write(index, same, localIdx, group.round());
        }
    }

    /** What the work item has whose place in the warp differs by the bits of {@code mask}. */
    public float simdShuffleXor(float value, int mask) {
        return group.other(localIdx, value, localIdx ^ mask);
    }

    /**
     * Adds to sums the product of two factors that a warp of 32 holds in fragments: four ints of the left one, two of the right.
     */
    public void multiply(float[] sums, int left0, int left1, int left2, int left3, int right0, int right1) {
        group.multiply(localIdx, sums, left0, left1, left2, left3, right0, right1);
    }

    /** Begins to copy four ints to memory that the group shares: they are there for this work item when it has waited for them. */
    public void copyToLocal(int[] into, int at, IntArray from, int index) {
        if (at % COPIED != 0 || index % COPIED != 0) {
            throw new IllegalStateException("a copy from " + index + " to " + at + ", not multiples of " + COPIED);
        }
        for (int k = 0; k < COPIED; k++) {
            int cell = at + k;
            int value = from.get(index + k);
            // Others may neither read nor write there from now on, though the number comes later.
            writes(into, cell, false);
            copies.add(() -> store(into, cell, value, this));
        }
    }

    /** Waits until the copies that this work item began are there. */
    public void awaitCopies() {
        copies.forEach(Runnable::run);
        copies.clear();
    }
}
