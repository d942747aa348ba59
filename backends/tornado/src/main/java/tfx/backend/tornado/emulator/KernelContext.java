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

    /** Memory that the group shares: the n-th call of every work item gives the same array. */
    public float[] allocateFloatLocalArray(int size) {
        return group.shared(allocations++, size).array;
    }

    /** What a kernel reads from an array, its own or one that its group shares. */
    public static float load(float[] array, int index, KernelContext context) {
        LocalMemory memory = context.group.memory(array);
        return memory == null ? array[index] : memory.load(index, context.localIdx, context.group.round());
    }

    /** What a kernel writes to such an array. */
    public static void store(float[] array, int index, float value, KernelContext context) {
        LocalMemory memory = context.group.memory(array);
        if (memory == null) {
            array[index] = value;
        } else {
            memory.store(index, value, context.localIdx, context.group.round());
        }
    }
}
