package tfx.backend.tornado;

/** What a generated kernel class implements. */
public interface Task {
    /**
     * Adds the kernel to a task graph.
     *
     * @param graph a task graph of the platform the class was generated for
     * @param context what the graph's kernels have in common: a KernelContext where that is TornadoVM's
     * @param arrays the kernel's arrays: its place, the arguments, the literals, its slabs
     */
    void addTo(Object graph, String id, Object context, Object[] arrays);
}
