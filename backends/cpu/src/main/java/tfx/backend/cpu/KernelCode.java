package tfx.backend.cpu;

/**
 * What a generated class implements: a kernel's work cut into phases that follow one another, and each phase into parts
 * that may run at the same time. The cut depends on the shapes alone, never on the number of threads.
 */
public abstract class KernelCode {
    protected KernelCode() {}

    /** Derives sizes and reserves shared scratch in {@code f}; called once per run before anything else. */
    abstract int phases(Frame f);

    abstract int parts(Frame f, int phase);

    abstract void part(Frame f, int phase, int part);
}
