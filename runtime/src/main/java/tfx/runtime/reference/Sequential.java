package tfx.runtime.reference;

import java.util.function.IntConsumer;
import tfx.compiler.schedule.Workers;

/** The calling thread alone. */
enum Sequential implements Workers {
    INSTANCE;

    @Override
    public int count() {
        return 1;
    }

    @Override
    public void forEach(int parts, IntConsumer task) {
        for (int part = 0; part < parts; part++) {
            task.accept(part);
        }
    }
}
