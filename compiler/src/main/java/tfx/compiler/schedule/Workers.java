package tfx.compiler.schedule;

/** The threads a kernel may use. Results never depend on how many there are. */
public interface Workers {
    int count();

    /** Runs {@code task} for every part in {@code 0 .. parts}, on all threads, and returns when all are done. */
    void forEach(int parts, java.util.function.IntConsumer task);
}
