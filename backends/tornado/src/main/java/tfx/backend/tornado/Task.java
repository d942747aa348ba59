package tfx.backend.tornado;

/** A generated kernel, ready to be run: its own class where it is one. */
public interface Task {
    /**
     * Adds the kernel to a task graph.
     *
     * @param graph a task graph of the platform the class was generated for
     * @param context a KernelContext for a class of TornadoVM's, else the {@link Driver.Run}
     * @param arguments the kernel's: its place, the record, the literals, its slabs
     */
    void addTo(Object graph, String id, Object context, Object[] arguments);
}
