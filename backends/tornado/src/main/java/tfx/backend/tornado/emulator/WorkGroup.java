package tfx.backend.tornado.emulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The work items of one group: one after another where none waits, else a virtual thread each. */
final class WorkGroup {
    /** Device memory local to a group holds what was in it before: kernels must not count on zeros. */
    private static final float UNDEFINED = Float.NaN;

    private final int size;
    private final boolean barriers;
    private final List<float[]> shared = new ArrayList<>();
    private int waiting;
    private int finished;
    private long round;
    private @Nullable Throwable fault;

    WorkGroup(int size, boolean barriers) {
        this.size = size;
        this.barriers = barriers;
    }

    int size() {
        return size;
    }

    void run(int number, int groups, Consumer<KernelContext> kernel) {
        if (!barriers) {
            for (int item = 0; item < size; item++) {
                kernel.accept(new KernelContext(this, number, groups, item));
            }
            return;
        }
        Thread[] threads = new Thread[size];
        for (int item = 0; item < size; item++) {
            KernelContext context = new KernelContext(this, number, groups, item);
            threads[item] = Thread.startVirtualThread(() -> item(context, kernel));
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a kernel ran", e);
        }
        if (fault != null) {
            throw new IllegalStateException("a work item of group " + number + " failed: " + fault.getMessage(), fault);
        }
    }

    private void item(KernelContext context, Consumer<KernelContext> kernel) {
        try {
            kernel.accept(context);
            synchronized (this) {
                finished++;
                if (waiting > 0) {
                    fail(new IllegalStateException("work item " + context.localIdx + " ended while others wait"));
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable e) {
        if (fault == null) {
            fault = e;
        }
        notifyAll();
    }

    synchronized void await() {
        if (!barriers) {
            throw new IllegalStateException("a barrier in a kernel that was said to have none");
        }
        if (finished > 0) {
            fail(new IllegalStateException("a work item waits for others that have ended"));
        }
        waiting++;
        if (waiting == size) {
            waiting = 0;
            round++;
            notifyAll();
            return;
        }
        long mine = round;
        while (round == mine && fault == null) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fail(e);
            }
        }
        if (fault != null) {
            throw new IllegalStateException("another work item failed", fault);
        }
    }

    synchronized float[] shared(int number, int length) {
        if (number == shared.size()) {
            float[] array = new float[length];
            Arrays.fill(array, UNDEFINED);
            shared.add(array);
        }
        if (shared.get(number).length != length) {
            throw new IllegalStateException("work items ask for local memory of different sizes");
        }
        return shared.get(number);
    }
}
