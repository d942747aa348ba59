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
        group.await();
    }

    /** The sum of a number over the work items of a warp, in each of them. */
    public float simdSum(float value) {
        return group.sum(localIdx, value);
    }

    /** Memory that the group shares: the n-th call of every work item gives the same array. */
    public float[] allocateFloatLocalArray(int size) {
        return group.shared(allocations++, size);
    }
}
