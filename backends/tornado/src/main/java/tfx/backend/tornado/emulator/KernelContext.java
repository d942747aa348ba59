package tfx.backend.tornado.emulator;

/** What a work item knows of its place, and shares with its group. */
public final class KernelContext {
    public final int globalIdx;
    public final int localIdx;
    public final int groupIdx;
    public final int globalGroupSizeX;
    public final int localGroupSizeX;
    private final WorkGroup group;
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

    /** The left factor of a product of matrices that a warp computes: 16 rows of 16 from {@code offset} bytes on. */
    public Fragment mmaLoadA(int[] tile, int depth, int offset) {
        return Fragment.load(tile, 16, depth, offset, this);
    }

    /** The right factor: as many rows as the product is deep, of 8 columns. */
    public Fragment mmaLoadB(int[] tile, int depth, int offset) {
        return Fragment.load(tile, depth, 8, offset, this);
    }

    /** Sums to begin with. */
    public Fragment mmaFragment(float value) {
        return Fragment.of(value);
    }

    /** {@code sums} and the product of both factors. */
    public Fragment mmaBF16(Fragment left, Fragment right, Fragment sums, MMAShape shape) {
        return Fragment.multiply(left, right, sums);
    }

    /** Writes those of the sums that this work item holds, behind {@link EmulatedDriver#HEADER} elements, from a row and column on. */
    public void mmaStore(Fragment sums, float[] array, int row, int column, int pitch) {
        sums.store(array, row, column, pitch, this);
    }
}
